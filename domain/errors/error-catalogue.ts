/**
 * Every way that Daycut says no. HTTP status, Temporal retryability and docs/errors.md are derived
 * from this table, so a code cannot mean different things in different places. Codes are never
 * reused. Texts in three languages, because operators read them on screen.
 */
export type ErrorCategory =
  | 'validation'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'business_rule'
  | 'data_quality'
  | 'transient'
  | 'invariant';

export interface ErrorEntry {
  readonly category: ErrorCategory;
  readonly en: string;
  readonly zhHans: string;
  readonly zhHant: string;
}

const entry = (
  category: ErrorCategory,
  en: string,
  zhHans: string,
  zhHant: string,
): ErrorEntry => ({ category, en, zhHans, zhHant });

export const ERROR_CATALOGUE = {
  ACCOUNT_CLOSED: entry('business_rule', 'The account is closed.', '账户已销户。', '帳戶已銷戶。'),
  ACCOUNT_TAKEN: entry(
    'conflict',
    'Somebody signs in by this account already.',
    '该登录账号已被使用。',
    '該登錄帳號已被使用。',
  ),
  ALREADY_AMENDED: entry(
    'conflict',
    'The contract is amended already.',
    '该合约已修正。',
    '該合約已修正。',
  ),
  ALREADY_DECIDED: entry(
    'conflict',
    'The person has decided on this ticket already: one person, one node.',
    '该人员已审批过此工单。',
    '該人員已審批過此工單。',
  ),
  ALREADY_RUNNING: entry(
    'conflict',
    'The flow is already running.',
    '流程正在运行。',
    '流程正在運行。',
  ),
  AMENDMENT_NEEDS_FEES: entry(
    'business_rule',
    'The contract is made of several orders: name the fees of the new one.',
    '该合约由多笔订单合并而成，请指定新合约的费用。',
    '該合約由多筆訂單合併而成，請指定新合約的費用。',
  ),
  AMENDMENT_NOT_NEEDED: entry(
    'business_rule',
    'The contract is of the open ledger date: revoke the flow instead.',
    '合约属于当前账务日期，请改用清算撤销。',
    '合約屬於當前帳務日期，請改用清算撤銷。',
  ),
  BAD_REQUEST: entry('validation', 'The request is malformed.', '请求格式有误。', '請求格式有誤。'),
  BODY_TOO_LARGE: entry(
    'validation',
    'The body is larger than allowed.',
    '请求体过大。',
    '請求體過大。',
  ),
  BOOKS_OUT_OF_BALANCE: entry(
    'invariant',
    'An assertion on the books failed.',
    '账务断言失败。',
    '帳務斷言失敗。',
  ),
  BUNDLE_NOT_KEPT: entry(
    'conflict',
    'The workflow code of that release is not kept here, so the run cannot be replayed.',
    '该版本的流程代码未保存，无法重放。',
    '該版本的流程代碼未保存，無法重放。',
  ),
  CALENDAR_MISSING: entry(
    'data_quality',
    'No calendar covers this date.',
    '该日期没有日历数据。',
    '該日期沒有日曆數據。',
  ),
  CHECK_NOT_PASSED: entry(
    'business_rule',
    'A clearing check did not pass.',
    '清算检查未通过。',
    '清算檢查未通過。',
  ),
  COMMAND_EXPIRED: entry(
    'conflict',
    'The command expired before it was applied.',
    '指令已过期。',
    '指令已過期。',
  ),
  CONFIRM_TOKEN_MISMATCH: entry(
    'conflict',
    'The confirm token does not fit the current state.',
    '确认码与当前状态不符。',
    '確認碼與當前狀態不符。',
  ),
  CONTRACT_DISCARDED: entry(
    'conflict',
    'The contract no longer counts: billing ran again, or a revoke dropped it.',
    '该合约已失效：已重新计费或已被撤销。',
    '該合約已失效：已重新計費或已被撤銷。',
  ),
  CUTOFF_NOT_REACHED: entry(
    'business_rule',
    'The cutoff time of the ledger date is not reached.',
    '尚未到日切点。',
    '尚未到日切點。',
  ),
  CUTOFF_REACHED: entry(
    'business_rule',
    'The cutoff of the ledger date is reached already, or a step has frozen it.',
    '已到日切点，或步骤已锁定日切点。',
    '已到日切點，或步驟已鎖定日切點。',
  ),
  DAY_TASKS_STARTED: entry(
    'conflict',
    'Tasks of the ledger date have started: the setting can change before those of the next one.',
    '当日任务已开始，须在下一账务日期任务开始前修改。',
    '當日任務已開始，須在下一帳務日期任務開始前修改。',
  ),
  DUPLICATE_ID_OTHER_CONTENT: entry(
    'conflict',
    'This id is already stored with other content.',
    '编号已存在且内容不同。',
    '編號已存在且內容不同。',
  ),
  DUPLICATE_SERIAL: entry(
    'validation',
    'A serial appears twice.',
    '成交编号重复。',
    '成交編號重複。',
  ),
  EFFECT_UNDER_WAY: entry(
    'transient',
    'The effect of the ticket is being carried out.',
    '工单正在执行。',
    '工單正在執行。',
  ),
  ENGINE_UNAVAILABLE: entry(
    'transient',
    'Temporal does not answer; try again.',
    '流程引擎无响应，请重试。',
    '流程引擎無回應，請重試。',
  ),
  FEE_ALREADY_CHARGED: entry(
    'conflict',
    'The contract has this fee already: edit its amount.',
    '合约已有该费用，请修改金额。',
    '合約已有該費用，請修改金額。',
  ),
  FEE_EDIT_AFTER_POSTING: entry(
    'business_rule',
    'The contract is posted, so its fees stay; the details say what can be done instead.',
    '合约已入账，不可编辑费用，可行方式见详情。',
    '合約已入帳，不可編輯費用，可行方式見詳情。',
  ),
  FEE_NOT_CHARGED: entry(
    'conflict',
    'The contract has no such fee.',
    '合约没有该费用。',
    '合約沒有該費用。',
  ),
  FEE_RULE_INVALID: entry(
    'validation',
    'The fee rule is not usable; the details name the field.',
    '收费规则无效，详情列明字段。',
    '收費規則無效，詳情列明欄位。',
  ),
  FEE_RULE_MISSING: entry(
    'data_quality',
    'No fee schedule in force prices this trade.',
    '缺少有效的收费规则。',
    '缺少有效的收費規則。',
  ),
  MERGE_RULE_INVALID: entry(
    'validation',
    'The merge rule is not usable; the details name the field.',
    '合单规则无效，详情列明字段。',
    '合單規則無效，詳情列明欄位。',
  ),
  FX_RATE_MISSING: entry(
    'data_quality',
    'A fee needs an exchange rate that is not there.',
    '收费所需的汇率缺失。',
    '收費所需的匯率缺失。',
  ),
  EVIDENCE_INCOMPLETE: entry(
    'conflict',
    'Not all that the evidence needs is there yet.',
    '证据所需的内容尚不齐全。',
    '證據所需的內容尚不齊全。',
  ),
  EVIDENCE_KEY_MISSING: entry(
    'conflict',
    'No key is configured that evidence could be signed with.',
    '未配置证据签名密钥。',
    '未配置證據簽名密鑰。',
  ),
  FENCED_OUT: entry(
    'transient',
    'A newer attempt owns this shard.',
    '分片已被新的执行接管。',
    '分片已被新的執行接管。',
  ),
  FILE_MALFORMED: entry(
    'validation',
    'The file is unusable as a whole.',
    '文件整体无法使用。',
    '檔案整體無法使用。',
  ),
  FORBIDDEN: entry('forbidden', 'The permission is missing.', '没有权限。', '沒有權限。'),
  FUTURE_TRADE_DATE: entry(
    'validation',
    'The trade date lies in the future of its market.',
    '交易日期晚于该市场当天。',
    '交易日期晚於該市場當天。',
  ),
  HAND_PRICE_NOT_STALE: entry(
    'conflict',
    'The trade is the one that was priced by hand: nothing has to be confirmed.',
    '交易未变更，无需确认手工计费。',
    '交易未變更，無需確認手工計費。',
  ),
  HAND_PRICE_STALE: entry(
    'business_rule',
    'A trade changed after its contract was priced by hand: confirm the hand price or unpin it.',
    '手工计费后交易有变更，请确认或取消手工计费。',
    '手工計費後交易有變更，請確認或取消手工計費。',
  ),
  HEADERS_TOO_LARGE: entry(
    'validation',
    'The head of the request is larger than allowed.',
    '请求头过大。',
    '請求標頭過大。',
  ),
  IDEMPOTENCY_KEY_REUSED: entry(
    'conflict',
    'This Idempotency-Key was used with another request.',
    '幂等键已用于其他请求。',
    '冪等鍵已用於其他請求。',
  ),
  ID_RESERVED: entry(
    'validation',
    'Ids of this form are given to supplements of the back office.',
    '该编号格式保留给后台补单。',
    '該編號格式保留給後台補單。',
  ),
  INSTRUMENT_ALREADY_BILLED: entry(
    'business_rule',
    'Trades of the instrument are already billed.',
    '该标的的成交已计费。',
    '該標的的成交已計費。',
  ),
  INTERNAL: entry(
    'invariant',
    'Something failed inside Daycut; the request id finds it in the log.',
    '系统内部错误。',
    '系統內部錯誤。',
  ),
  LAST_ADMIN: entry(
    'business_rule',
    'Somebody has to stay administrator.',
    '必须保留至少一名管理员。',
    '必須保留至少一名管理員。',
  ),
  LAST_APPROVER: entry(
    'business_rule',
    'Somebody has to stay who can consent.',
    '必须保留至少一名审批人。',
    '必須保留至少一名審批人。',
  ),
  LEDGER_DATE_NOT_CURRENT: entry(
    'conflict',
    'This is not the current ledger date.',
    '不是当前账务日期。',
    '不是當前帳務日期。',
  ),
  MANUAL_PASS_NOT_NEEDED: entry(
    'business_rule',
    'There is nothing to pass by hand.',
    '无需手动通过。',
    '無需手動通過。',
  ),
  MANUAL_PASS_REFUSED: entry(
    'business_rule',
    'This has to become true; it cannot be passed by hand.',
    '此项必须真实通过，不可手动通过。',
    '此項必須真實通過，不可手動通過。',
  ),
  MARKET_RULE_MISSING: entry(
    'data_quality',
    'No market rule is configured.',
    '缺少市场规则。',
    '缺少市場規則。',
  ),
  METHOD_NOT_ALLOWED: entry(
    'validation',
    'This path does not take this method.',
    '该路径不支持此方法。',
    '該路徑不支援此方法。',
  ),
  MASTER_DATA_CHANGED: entry(
    'data_quality',
    'Instruments or fee schedules changed while the step read them; run it again.',
    '标的或套餐在步骤执行期间有变更，请重跑该步骤。',
    '標的或套餐在步驟執行期間有變更，請重跑該步驟。',
  ),
  NOT_PRICED_BY_HAND: entry(
    'conflict',
    'The contract is not priced by hand.',
    '该合约不是手工计费。',
    '該合約不是手工計費。',
  ),
  NOT_AN_APPROVER: entry(
    'forbidden',
    'The ticket does not wait for this person.',
    '该人员不是此节点的审批人。',
    '該人員不是此節點的審批人。',
  ),
  NOT_AN_INSTANT: entry(
    'validation',
    'This is not an instant like 2025-12-22T09:30:00+08:00.',
    '不是有效的时间。',
    '不是有效的時間。',
  ),
  NOT_A_CALENDAR_DAY: entry(
    'validation',
    'This is not a calendar day.',
    '不是有效日期。',
    '不是有效日期。',
  ),
  NOT_A_DECIMAL: entry(
    'validation',
    'This is not a decimal number.',
    '不是有效的十进制数。',
    '不是有效的十進制數。',
  ),
  NOT_FOUND: entry('not_found', 'There is no such thing.', '不存在。', '不存在。'),
  NOTHING_TO_PAUSE: entry(
    'conflict',
    'The flow is not running.',
    '流程未在运行。',
    '流程未在運行。',
  ),
  NOTHING_TO_RUN: entry(
    'conflict',
    'Every step of the flow is done.',
    '流程的步骤均已完成。',
    '流程的步驟均已完成。',
  ),
  NOTHING_TO_REVOKE: entry(
    'business_rule',
    'There is nothing to revoke.',
    '没有可撤销的内容。',
    '沒有可撤銷的內容。',
  ),
  NOT_IN_ENUM: entry(
    'validation',
    'This value is none of the allowed ones.',
    '取值不在允许范围内。',
    '取值不在允許範圍內。',
  ),
  NOT_POSITIVE: entry(
    'validation',
    'This number must be greater than zero.',
    '数值必须大于零。',
    '數值必須大於零。',
  ),
  NOT_THE_MAKER: entry(
    'forbidden',
    'Only who asked may withdraw.',
    '只有发起人可以撤回。',
    '只有發起人可以撤回。',
  ),
  ORDER_ALREADY_BILLED: entry(
    'business_rule',
    'The order is already billed.',
    '订单已计费。',
    '訂單已計費。',
  ),
  OUT_OF_RANGE: entry(
    'validation',
    'This value is out of its range.',
    '数值超出范围。',
    '數值超出範圍。',
  ),
  PERSON_KNOWN: entry(
    'conflict',
    'There is a person of this id already.',
    '该人员编号已存在。',
    '該人員編號已存在。',
  ),
  PART_OF_AMENDMENT: entry(
    'conflict',
    'This belongs to a contract amendment and goes only with the whole of it.',
    '该记录属于合约修正，只能整体处理。',
    '該記錄屬於合約修正，只能整體處理。',
  ),
  PERSON_LEFT: entry(
    'forbidden',
    'The person has left and may do nothing.',
    '该人员已离职。',
    '該人員已離職。',
  ),
  PREDECESSOR_NOT_DONE: entry(
    'conflict',
    'An earlier step is not done.',
    '前一步骤尚未完成。',
    '前一步驟尚未完成。',
  ),
  PREVIOUS_FLOW_NOT_DONE: entry(
    'conflict',
    'An earlier flow of this ledger date is not done.',
    '前一流程尚未完成。',
    '前一流程尚未完成。',
  ),
  READINESS_NOT_PASSED: entry(
    'business_rule',
    'Readiness is not passed.',
    '清算前准备未通过。',
    '清算前準備未通過。',
  ),
  REQUEST_TIMEOUT: entry(
    'validation',
    'The request did not arrive in time.',
    '请求接收超时。',
    '請求接收逾時。',
  ),
  REASON_REQUIRED: entry('validation', 'A reason is needed.', '必须填写原因。', '必須填寫原因。'),
  RESYNC_AFTER_BILLING_REQUIRES_REVOKE: entry(
    'business_rule',
    'After billing, data sync needs a revoke first.',
    '计费后须先撤销才能重新同步。',
    '計費後須先撤銷才能重新同步。',
  ),
  REVOKE_NEEDS_UNDO: entry(
    'business_rule',
    'Posting began but did not succeed: only an undo is possible.',
    '入账未完成，只能回撤。',
    '入帳未完成，只能回撤。',
  ),
  REVOKE_ORDER: entry(
    'business_rule',
    'A later flow or date must be revoked first.',
    '须先撤销后续流程。',
    '須先撤銷後續流程。',
  ),
  ROWS_REFUSED: entry(
    'validation',
    'Rows are wrong, so nothing was written.',
    '数据行有误，未写入任何内容。',
    '資料列有誤，未寫入任何內容。',
  ),
  REVOKE_UNFINISHED: entry(
    'conflict',
    'A revoke stopped half way; revoke again to finish it.',
    '撤销未完成，请再次撤销。',
    '撤銷未完成，請再次撤銷。',
  ),
  RUN_NOT_ARCHIVED: entry(
    'not_found',
    'No such run is archived. A run is archived when it has closed, and replayed from then on.',
    '没有该运行的归档；运行结束后才会归档，之后方可重放。',
    '沒有該運行的歸檔；運行結束後才會歸檔，之後方可重放。',
  ),
  SELF_APPROVAL: entry(
    'forbidden',
    'Nobody decides on their own request.',
    '不能审批自己发起的工单。',
    '不能審批自己發起的工單。',
  ),
  SIGN_IN_UNKNOWN: entry(
    'forbidden',
    'The sign-in account belongs to nobody who is registered here.',
    '登录账号未登记。',
    '登錄帳號未登記。',
  ),
  STALE_VERSION: entry(
    'conflict',
    'A higher version of this row is already stored.',
    '已存在更高版本。',
    '已存在更高版本。',
  ),
  STEP_IN_PROGRESS: entry(
    'conflict',
    'A step is in progress; pause first.',
    '步骤执行中，请先暂停。',
    '步驟執行中，請先暫停。',
  ),
  STEP_NOT_REPEATABLE: entry(
    'business_rule',
    'This step cannot run again.',
    '该步骤不可重跑。',
    '該步驟不可重跑。',
  ),
  STORE_UNAVAILABLE: entry(
    'transient',
    'The database does not answer; try again.',
    '数据库无响应，请重试。',
    '資料庫無回應，請重試。',
  ),
  SUPPLEMENT_WINDOW_CLOSED: entry(
    'business_rule',
    'Supplements are closed for this ledger date.',
    '补单窗口已关闭。',
    '補單窗口已關閉。',
  ),
  TICKET_CLOSED: entry(
    'conflict',
    'The ticket is decided already.',
    '工单已结束。',
    '工單已結束。',
  ),
  TICKET_EXPIRED: entry(
    'conflict',
    'The ticket expired before it was decided.',
    '工单已过期。',
    '工單已過期。',
  ),
  TICKET_FLOW_INVALID: entry(
    'validation',
    'The approval flow cannot be used as it is.',
    '审批流程配置有误。',
    '審批流程設定有誤。',
  ),
  TICKET_FLOW_MISSING: entry(
    'business_rule',
    'No approval flow says who has to consent.',
    '未配置审批流程。',
    '未設定審批流程。',
  ),
  TICKET_NEEDED: entry(
    'conflict',
    'Somebody could consent to this, so it is asked for by ticket.',
    '请提交审批工单。',
    '請提交審批工單。',
  ),
  TICKET_NODE_NOT_OPEN: entry(
    'conflict',
    'The ticket waits at another node.',
    '工单不在该审批节点。',
    '工單不在該審批節點。',
  ),
  TICKET_NO_APPROVER: entry(
    'business_rule',
    'Nobody else could consent as the approval flow asks.',
    '审批流程没有可用的审批人。',
    '審批流程沒有可用的審批人。',
  ),
  TICKET_PAYLOAD_CHANGED: entry(
    'conflict',
    'What was consented to is not what the ticket holds now.',
    '工单内容与审批时不一致。',
    '工單內容與審批時不一致。',
  ),
  TICKET_PENDING: entry(
    'conflict',
    'A ticket about this is open already.',
    '已有待处理的工单。',
    '已有待處理的工單。',
  ),
  TICKET_STALE: entry(
    'conflict',
    'The target changed after the ticket was opened; nothing was done.',
    '目标已变更，工单失效。',
    '目標已變更，工單失效。',
  ),
  TRADE_DATE_CLOSED: entry(
    'business_rule',
    'The market held no session on this trade date.',
    '该交易日期市场休市。',
    '該交易日期市場休市。',
  ),
  TRADE_DATE_TOO_OLD: entry(
    'business_rule',
    'The trade date lies too far back.',
    '交易日期过早。',
    '交易日期過早。',
  ),
  UNAUTHENTICATED: entry(
    'unauthenticated',
    'A valid bearer token is needed.',
    '需要有效的登录凭证。',
    '需要有效的登錄憑證。',
  ),
  UNKNOWN_ACCOUNT: entry('validation', 'The account is unknown.', '未知账户。', '未知帳戶。'),
  UNKNOWN_FEE_CODE: entry('validation', 'The fee code is unknown.', '未知费用。', '未知費用。'),
  UNKNOWN_INSTRUMENT: entry('validation', 'The instrument is unknown.', '未知标的。', '未知標的。'),
  UNKNOWN_MARKET: entry('validation', 'The market is unknown.', '未知市场。', '未知市場。'),
  UNKNOWN_ORDER: entry('validation', 'The order is unknown.', '未知订单。', '未知訂單。'),
  UNKNOWN_ROLE: entry('validation', 'The role is unknown.', '未知角色。', '未知角色。'),
  UNKNOWN_SETTLEMENT_CHANNEL: entry(
    'validation',
    'The market has no such settlement channel.',
    '该市场没有此交收通道。',
    '該市場沒有此交收通道。',
  ),
  UNKNOWN_TICKET_KEY: entry(
    'validation',
    'There is no such ticket key.',
    '未知工单标识。',
    '未知工單標識。',
  ),
  UNSUPPORTED_MEDIA_TYPE: entry(
    'validation',
    'The body is in a format that this path does not take.',
    '请求体格式不受支持。',
    '請求體格式不受支援。',
  ),
  UNSUPPORTED: entry(
    'business_rule',
    'This release does not support this.',
    '当前版本不支持。',
    '當前版本不支援。',
  ),
  VALUE_MISSING: entry('validation', 'A value is missing.', '缺少必填值。', '缺少必填值。'),
  VERSION_CONFLICT: entry(
    'conflict',
    'The screen was stale: the revision has moved on.',
    '页面已过期，请刷新。',
    '頁面已過期，請重新整理。',
  ),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERROR_CATALOGUE;

const HTTP_STATUS: Readonly<Record<ErrorCategory, number>> = {
  validation: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  business_rule: 422,
  data_quality: 422,
  transient: 503,
  invariant: 500,
};

export const categoryOf = (code: ErrorCode): ErrorCategory => ERROR_CATALOGUE[code].category;
/** HTTP has words of its own for some of the malformed requests. */
const OWN_STATUS: Readonly<Partial<Record<ErrorCode, number>>> = {
  BODY_TOO_LARGE: 413,
  HEADERS_TOO_LARGE: 431,
  METHOD_NOT_ALLOWED: 405,
  REQUEST_TIMEOUT: 408,
  UNSUPPORTED_MEDIA_TYPE: 415,
};
export const httpStatusOf = (code: ErrorCode): number =>
  OWN_STATUS[code] ?? HTTP_STATUS[categoryOf(code)];
/** True when trying again, unchanged, can succeed. Everything else waits for a person. */
export const isTransient = (code: ErrorCode): boolean => categoryOf(code) === 'transient';
export const isErrorCode = (text: string): text is ErrorCode =>
  Object.hasOwn(ERROR_CATALOGUE, text);
