import type { Db } from '../../../db/client.ts';

/** What the unreversed trade posting of a contract moved in money: house accounts, and CLIENT. */
export async function postingBalanceOf(
  db: Db,
  contractId: number,
): Promise<Record<string, string>> {
  const { rows } = await db.$client.query<{ holder: string; amount: string }>(
    `SELECT coalesce(h.code, 'CLIENT') AS holder, sum(p.amount)::text AS amount
     FROM journals j
     JOIN postings p ON p.ledger_date = j.ledger_date AND p.journal_id = j.journal_id
     JOIN assets a ON a.asset_id = p.asset_id AND a.kind = 'CURRENCY'
     LEFT JOIN house_accounts h ON h.ledger_account_id = p.ledger_account_id
     WHERE j.source_id = $1 AND j.kind = 'tradePosting' AND NOT EXISTS (
       SELECT 1 FROM journals r WHERE r.reverses_journal_id = j.journal_id)
     GROUP BY 1`,
    [contractId],
  );
  return Object.fromEntries(rows.map(({ holder, amount }) => [holder, amount]));
}
