import { STEP_NAMES, type RunnableStep } from '../clearing/steps.ts';
import { isRecord, type Moment, type Texts, type TimelineLine } from './moment.ts';

type Line = Omit<TimelineLine, 'texts'>;
type Words = (moment: Moment, line: Line) => Texts;

const say = (en: string, zhHans: string, zhHant: string): Texts => ({ en, zhHans, zhHant });

/** One line of the timeline in words: what happened, then how long it took and at which attempt. */
export function sentenceOf(moment: Moment, line: Line): Texts {
  const words = WORDS[moment.kind](moment, line);
  const how = howOf(line);
  return {
    en: `${words.en}${how.en}.`,
    zhHans: `${words.zhHans}${how.zhHans}。`,
    zhHant: `${words.zhHant}${how.zhHant}。`,
  };
}

function howOf({ kind, ms, attempt, code, failedAttempts }: Line): Texts {
  if (kind !== 'worked') return say('', '', '');
  const seconds = ms === null ? undefined : (ms / 1000).toFixed(2);
  const codes = failedAttempts.map((failed) => `${failed.attempt}: ${failed.code}`).join(', ');
  const earlier = codes === '' ? '' : ` (${codes})`;
  const nth = attempt === null || attempt === 1 ? undefined : attempt;
  return say(
    (seconds === undefined ? ', not finished' : `, in ${seconds} s`) +
      (nth === undefined ? earlier : `, at attempt ${nth}${earlier}`) +
      (code === null ? '' : `, failed with ${code}`),
    (seconds === undefined ? '，未完成' : `，用时 ${seconds} 秒`) +
      (nth === undefined ? earlier : `，第 ${nth} 次尝试${earlier}`) +
      (code === null ? '' : `，失败：${code}`),
    (seconds === undefined ? '，未完成' : `，用時 ${seconds} 秒`) +
      (nth === undefined ? earlier : `，第 ${nth} 次嘗試${earlier}`) +
      (code === null ? '' : `，失敗：${code}`),
  );
}

const COMMAND_NAMES: Readonly<Record<string, Texts>> = {
  readiness: say('readiness', '清算前准备', '清算前準備'),
  start: say('one-click clearing', '一键清算', '一鍵清算'),
  pause: say('a pause', '暂停', '暫停'),
  runStep: say('one step', '单步执行', '單步執行'),
  revoke: say('a revoke', '清算撤销', '清算撤銷'),
  dayCut: say('the day cut', '日切', '日切'),
};

const TRADITIONAL_STEPS: Readonly<Record<RunnableStep, string>> = {
  sync: '數據同步',
  preCheck: '清算前檢查',
  billing: '清算計費',
  posting: '清算入賬',
  settlement: '清算交收',
  dataSummary: '數據匯總',
  undoSettlement: '回撤交收',
  undoPosting: '回撤入賬',
};

function stepTexts(step: RunnableStep | null): Texts {
  if (step === null) return say('a step', '步骤', '步驟');
  const { en, zhHans } = STEP_NAMES[step];
  return say(en, zhHans, TRADITIONAL_STEPS[step]);
}

const field = (value: unknown, name: string): string => {
  const found = isRecord(value) ? value[name] : undefined;
  return typeof found === 'string' || typeof found === 'number' ? String(found) : '';
};

/** Opening a step, or its undoing. */
const openedStep: Words = ({ gave }, { step, stepRunId, pass }) => {
  const mode = field(isRecord(gave) ? gave['flow'] : undefined, 'mode');
  if (stepRunId === null) {
    return field(gave, 'kind') === 'ended'
      ? say('A step ended at its opening', '步骤在开始时即结束', '步驟在開始時即結束')
      : say(
          `No step to run; the flow is ${mode}`,
          `无待执行步骤；流程${mode}`,
          `無待執行步驟；流程${mode}`,
        );
  }
  const { en, zhHans, zhHant } = stepTexts(step);
  const nth = pass === null ? '' : `, pass ${pass}`;
  return say(
    `${en} opened as step run ${stepRunId}${nth}`,
    `${zhHans}开始，执行号 ${stepRunId}`,
    `${zhHant}開始，執行號 ${stepRunId}`,
  );
};

const ACTIVITY_WORDS: Readonly<Record<string, Words>> = {
  advanceTicket: (moment, line) => ticketStands(moment, line),
  executeTicket: (moment, line) => ticketStands(moment, line),
  loadFlowState: ({ gave }) => {
    const mode = field(gave, 'mode');
    return say(`Read the facts again: ${mode}`, `重新读取状态：${mode}`, `重新讀取狀態：${mode}`);
  },
  runReadiness: ({ gave }) => {
    const state = field(gave, 'readiness');
    return say(`Readiness is ${state}`, `清算前准备：${state}`, `清算前準備：${state}`);
  },
  openStep: openedStep,
  openUndo: openedStep,
  workShard: ({ gave }, { step, stepRunId, shard, shards }) => {
    const { en, zhHans, zhHant } = stepTexts(step);
    const rows = field(gave, 'rowsDone');
    const place = `${shard ?? '?'}/${shards ?? '?'}`;
    return say(
      `${en}, step run ${stepRunId ?? '?'}: shard ${place}, ${rows || 'no'} rows`,
      `${zhHans}，执行号 ${stepRunId ?? '?'}：分片 ${place}，${rows || '0'} 行`,
      `${zhHant}，執行號 ${stepRunId ?? '?'}：分片 ${place}，${rows || '0'} 行`,
    );
  },
  closeStep: (_, { step }) => {
    const { en, zhHans, zhHant } = stepTexts(step);
    return say(
      `${en} closed, its assertions held`,
      `${zhHans}完成，断言成立`,
      `${zhHant}完成，斷言成立`,
    );
  },
  failStep: ({ given: [, failure] }, { step }) => {
    const { en, zhHans, zhHant } = stepTexts(step);
    const code = field(failure, 'code');
    return say(`${en} failed: ${code}`, `${zhHans}失败：${code}`, `${zhHant}失敗：${code}`);
  },
  recordPause: () => say('The pause is written down', '已记录暂停', '已記錄暫停'),
  openRevoke: ({ gave }) =>
    field(gave, 'kind') === 'undo'
      ? say('The revoke began', '撤销开始', '撤銷開始')
      : say('The revoke was refused', '撤销被拒绝', '撤銷被拒絕'),
  finishRevoke: ({ gave }) => {
    const generation = field(gave, 'generation');
    return say(
      `The revoke is done; generation ${generation}`,
      `撤销完成；第 ${generation} 代`,
      `撤銷完成；第 ${generation} 代`,
    );
  },
  cutDay: ({ gave }) => {
    const next = field(gave, 'nextLedgerDate');
    return next === ''
      ? say('The day cut was refused', '日切被拒绝', '日切被拒絕')
      : say(
          `The date is cut; ${next} is next`,
          `日切完成；下一日 ${next}`,
          `日切完成；下一日 ${next}`,
        );
  },
  openDay: ({ given: [date] }) =>
    say(`Opened ${String(date)}`, `打开 ${String(date)}`, `打開 ${String(date)}`),
  tellFlows: ({ given: [date] }) =>
    say(
      `Told the flows of ${String(date)}`,
      `通知 ${String(date)} 的流程`,
      `通知 ${String(date)} 的流程`,
    ),
};

/** Work without a result: still in hand in a run that is open, or failed. It says no outcome. */
const onlyBegun: Words = ({ what }, { step, stepRunId, shard, shards }) => {
  if (stepRunId === null) return say(what, what, what);
  const { en, zhHans, zhHant } = stepTexts(step);
  const place = shard === null ? '' : ` ${shard}/${shards ?? '?'}`;
  return say(
    `${en}, step run ${stepRunId}: ${what}${place}`,
    `${zhHans}，执行号 ${stepRunId}：${what}${place}`,
    `${zhHant}，執行號 ${stepRunId}：${what}${place}`,
  );
};

/** Of a ticket's workflow: where the ticket stands after it was looked at. */
const ticketStands: Words = ({ gave }) => {
  const status = field(gave, 'status');
  return say(`The ticket is ${status}`, `工单状态：${status}`, `工單狀態：${status}`);
};

const CLOSINGS: Readonly<Record<string, Texts>> = {
  COMPLETED: say('The run is over', '运行结束', '運行結束'),
  CONTINUED_AS_NEW: say('The run goes on as the next one', '转入下一次运行', '轉入下一次運行'),
  TERMINATED: say('The run was ended from outside', '运行被终止', '運行被終止'),
};

const WORDS: Readonly<Record<Moment['kind'], Words>> = {
  opened: ({ what, given: [input] }) => {
    const state = isRecord(input) ? input['state'] : undefined;
    const ticket = field(input, 'ticketKey');
    if (ticket !== '') {
      const of = `${ticket}, ${field(input, 'targetId')}`;
      return say(`A run of ticket ${of} begins`, `工单 ${of} 运行开始`, `工單 ${of} 運行開始`);
    }
    if (!isRecord(state)) {
      const date = field(input, 'ledgerDate');
      const of = date === '' ? what : date;
      return say(`A run of ${of} begins`, `${of} 运行开始`, `${of} 運行開始`);
    }
    const of = `${field(state, 'flow')} ${field(state, 'ledgerDate')}`;
    const generation = field(state, 'generation');
    const mode = field(state, 'mode');
    return say(
      `A run of ${of} begins: generation ${generation}, ${mode}`,
      `${of} 运行开始：第 ${generation} 代，${mode}`,
      `${of} 運行開始：第 ${generation} 代，${mode}`,
    );
  },
  asked: ({ what }, { who, name, outcome }) => {
    const person = name ?? who ?? '?';
    const { en, zhHans, zhHant } = COMMAND_NAMES[what] ?? say(what, what, what);
    const end = outcome === null ? '' : `: ${outcome}`;
    return say(
      `${person} asked for ${en}${end}`,
      `${person} 请求${zhHans}${end}`,
      `${person} 請求${zhHant}${end}`,
    );
  },
  told: ({ what }) => say(`A hint: ${what}`, `提示：${what}`, `提示：${what}`),
  worked: (moment, line) => {
    const isDone = moment.endedAt !== null && moment.code === null;
    const words = isDone ? ACTIVITY_WORDS[moment.what] : undefined;
    return (words ?? onlyBegun)(moment, line);
  },
  waited: ({ what }) =>
    what === 'canceled'
      ? say('A timer that was not needed any more', '计时取消', '計時取消')
      : say('A timer', '计时', '計時'),
  stumbled: ({ code }) =>
    say(
      `The workflow’s code stumbled and is tried again: ${code ?? ''}`,
      `流程代码出错并重试：${code ?? ''}`,
      `流程代碼出錯並重試：${code ?? ''}`,
    ),
  closed: ({ what, code }) => {
    const { en, zhHans, zhHant } = CLOSINGS[what] ?? say(what, what, what);
    const why = code === null ? '' : `: ${code}`;
    return say(`${en}${why}`, `${zhHans}${why}`, `${zhHant}${why}`);
  },
};
