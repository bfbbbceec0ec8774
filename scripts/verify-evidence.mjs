// Checks an evidence pack of Daycut: node scripts/verify-evidence.mjs FILE [--key PEM] [--roots FILE]
// Needs Node.js and nothing else: no database, no packages, no other file of Daycut. It computes
// every hash again and says in words what it proved; exit code 1 at the first thing that does not
// hold. --key: the broker's public key, got by another way than the file. --roots: an export of
// GET /audit/roots that was kept elsewhere; only it can show that whole books were not made anew.
import { Buffer } from 'node:buffer';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const sha256 = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const bytes = (text) => Buffer.from(text, 'hex');
const [LEAF, NODE] = [Buffer.from([0]), Buffer.from([1])];

class Broken extends Error {}
const say = (line) => console.log(line);
const demand = (holds, what) => {
  if (!holds) throw new Broken(what);
};

/** JSON whose text depends on the values alone: keys in order, nothing that is undefined. */
function canonicalJson(value) {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const keys = Object.keys(value).sort((a, b) => (a < b ? -1 : 1));
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`).join(',')}}`;
}

/** As PostgreSQL writes a jsonb array: a comma and a space between two fields. */
const listText = (fields) => `[${fields.map((field) => JSON.stringify(field)).join(', ')}]`;

const rootOfPath = (leaf, path) =>
  path.reduce((node, { before, after }) => sha256(NODE, bytes(before), node, bytes(after)), leaf);

/** Decimal text → a whole number of 10^-18; money never passes through a floating-point number. */
function exact(text) {
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  demand(whole !== undefined && fraction.length <= 18, `${text} is no amount`);
  return BigInt(`${sign}${whole}${fraction.padEnd(18, '0')}`);
}
const sum = (texts) => texts.reduce((total, text) => total + exact(text), 0n);

function checkSignature({ content, signature }, keyFile) {
  const key = createPublicKey(signature.publicKey);
  const fingerprint = hex(sha256(key.export({ type: 'spki', format: 'der' })));
  demand(fingerprint === signature.fingerprint, 'the fingerprint is not that of the key');
  const text = Buffer.from(canonicalJson(content));
  const value = Buffer.from(signature.value, 'base64');
  demand(value.toString('base64') === signature.value, 'the signature is not written as it was');
  demand(
    signature.algorithm === 'Ed25519' &&
      key.asymmetricKeyType === 'ed25519' &&
      verify(null, text, key, value),
    'the signature does not fit: the file was altered after it was signed',
  );
  say(`Signed with the key ${fingerprint}.`);
  if (keyFile === undefined) {
    say(
      '  Whose key that is, this file cannot say: compare it with one you got another way (--key).',
    );
    return;
  }
  const known = createPublicKey(readFileSync(keyFile)).export({ type: 'spki', format: 'der' });
  demand(hex(sha256(known)) === fingerprint, `that is not the key in ${keyFile}`);
  say(`  It is the key in ${keyFile}.`);
}

/** The sealed bytes, field by field. */
function readLeaf({ leaf, columns, journalId, ledgerDate }) {
  const [first, ...others] = Buffer.from(leaf, 'base64').toString('latin1').trimEnd().split('\n');
  const fieldsOf = (line, names) =>
    Object.fromEntries(line.split('\t').map((field, at) => [names[at], field]));
  const journal = fieldsOf(first, columns.journal);
  const postings = others.map((line) => fieldsOf(line, columns.posting));
  const isIt = journal.journal_id === String(journalId) && journal.ledger_date === ledgerDate;
  demand(isIt, 'the sealed bytes are of another journal');
  const isOurs = (posting) => posting.journal_id === journal.journal_id;
  demand(postings.every(isOurs), 'a posting is of another journal');
  return { journal, postings };
}

function checkEntry({ entry, journal: named }) {
  const { journal, postings } = readLeaf(entry);
  const totals = new Map();
  for (const { asset_id: asset, amount } of postings) {
    totals.set(asset, (totals.get(asset) ?? 0n) + exact(amount));
  }
  for (const total of totals.values()) demand(total === 0n, 'the journal does not balance');
  const { journalId, kind, stepRunId, sourceId, flow } = named;
  const inWords = [journalId, kind, stepRunId, sourceId, flow];
  for (const one of named.postings) inWords.push(one.line, one.ledgerAccountId, exact(one.amount));
  const sealed = ['journal_id', 'kind', 'step_run_id', 'source_id', 'flow'].map((f) => journal[f]);
  for (const each of postings) sealed.push(each.line, each.ledger_account_id, exact(each.amount));
  demand(inWords.join() === sealed.join(), 'the journal in words is not the sealed one');
  say(`\nJournal ${journalId} (${kind}) of ledger date ${entry.ledgerDate}:`);
  for (const { ledgerAccount, holder, asset, bucket, amount } of named.postings) {
    const who = `${holder.toLowerCase()} ${ledgerAccount}`.padEnd(28);
    say(`  ${who} ${asset.padEnd(14)} ${bucket.padEnd(10)} ${amount.padStart(20)}`);
  }
  say('  It balances in every asset.');
  return named;
}

function checkTrees({ entry, seal, roots, rootNo }) {
  const leaf = sha256(LEAF, Buffer.from(entry.leaf, 'base64'));
  const chunkRoot = hex(rootOfPath(leaf, entry.path));
  demand(chunkRoot === seal.root, 'the journal does not lead to the root of its chunk');
  const { ledgerDate, stepRunId, shard, chunk, journals } = seal;
  say(
    `  One of ${journals} journals of chunk ${chunk}, shard ${shard + 1}, step run ${stepRunId}.`,
  );
  const root = roots.find((each) => each.rootNo === rootNo);
  demand(root?.ledgerDate === entry.ledgerDate, 'there is no daily root of its date');
  const sealText = listText([ledgerDate, stepRunId, shard, chunk, journals, seal.root]);
  const dayRoot = hex(rootOfPath(sha256(LEAF, sealText), seal.path));
  demand(dayRoot === root.journalsRoot, 'the chunk does not lead to the journals root of its date');
  say(`  That chunk is one of ${root.seals} under daily root ${rootNo} of ${root.ledgerDate}.`);
}

function checkRoots({ roots, rootNo }, rootsFile) {
  let previous = '0'.repeat(64);
  for (const [at, root] of roots.entries()) {
    const content = [root.rootNo, root.ledgerDate, root.previousRoot, root.lastStepRunId];
    content.push(root.seals, root.journals, root.journalsRoot, root.auditSeq, root.auditHash);
    demand(root.rootNo === at + 1, `daily root ${at + 1} is missing`);
    demand(root.previousRoot === previous, `daily root ${root.rootNo} continues another one`);
    demand(hex(sha256(listText(content))) === root.root, `daily root ${root.rootNo} was altered`);
    previous = root.root;
  }
  say(`\nDaily roots 1 to ${roots.length} continue each other. The newest is ${previous}.`);
  if (rootsFile === undefined) {
    say('  Compare them with an export that was kept elsewhere (--roots).');
    return;
  }
  const kept = JSON.parse(readFileSync(rootsFile, 'utf8')).roots;
  const known = kept.filter(({ rootNo: no }) => no <= roots.length);
  for (const { rootNo: no, root } of known) {
    demand(roots[no - 1].root === root, `daily root ${no} is not the one in ${rootsFile}`);
  }
  const isBound = known.some(({ rootNo: no }) => no >= rootNo);
  demand(isBound, `${rootsFile} is older than the daily root of the entry`);
  say(`  ${known.length} of them are in ${rootsFile} as well, the same.`);
}

const EVENT_FIELDS = (
  'eventId at ledgerDate covers person account action outcome code permission targetType ' +
  'targetId before after ticketId commandId workflowId runId requestId'
).split(' ');

/** Event of the log → its fields, once its place in the chain is proved. */
function checkEvents({ events, segments, roots, head }) {
  const proved = new Map();
  for (const { from, before, contents, rootNo } of segments) {
    let hash = bytes(before);
    for (const [at, content] of contents.entries()) {
      hash = sha256(hash, bytes(content));
      proved.set(from + at, content);
    }
    const root = roots.find((each) => each.rootNo === rootNo);
    const end = root ? [root.auditSeq, root.auditHash] : [head.seq, head.hash];
    const isEnd = from + contents.length - 1 === end[0] && hex(hash) === end[1];
    demand(isEnd, `the chain from link ${from} does not lead to ${rootNo ?? 'its end'}`);
  }
  return events.map(({ seq, text }) => {
    demand(proved.get(seq) === hex(sha256(text)), `the event at link ${seq} is not in the chain`);
    const fields = JSON.parse(text).map((value, at) => [EVENT_FIELDS[at], value]);
    return { seq, ...Object.fromEntries(fields) };
  });
}

function tellEvents(events, { segments }) {
  const open = segments.filter(({ rootNo }) => rootNo === null).length;
  say(`\n${events.length} events of the audit log, each bound by the daily root that follows it:`);
  for (const { at, person, action, outcome, code, targetType, targetId, covers, after } of events) {
    const kind = covers === 'commands' ? `  ${after.kind}` : '';
    const how = outcome === 'ACCEPTED' ? '' : `  ${outcome} ${code ?? ''}`;
    say(
      `  ${at.slice(0, 19)}  ${person.padEnd(12)} ${action.padEnd(24)} ${targetType} ${targetId}${kind}${how}`,
    );
  }
  if (open > 0)
    say('  The last of them wait for the next daily root; the chain holds them already.');
}

/** Who asked and who consented are two people, in each ticket whose effect was carried out. */
function checkTickets(events) {
  const newest = (table, key) =>
    new Map(events.filter((e) => e.covers === table).map(({ after }) => [after[key], after]));
  const decisions = [...newest('ticket_decisions', 'decision_id').values()];
  const tickets = newest('tickets', 'ticket_id');
  for (const { ticket_id: id, ticket_key: key, ...ticket } of tickets.values()) {
    const consents = decisions.filter(
      (one) => one.ticket_id === id && one.kind === 'approve' && one.counted,
    );
    const people = consents.map(({ person }) => person);
    if (ticket.status === 'SUCCEEDED' && !ticket.auto_approved) {
      const isTwo = people.length > 0 && !people.includes(ticket.maker);
      demand(isTwo, `ticket ${id} was carried out without a second person`);
    }
    const consent = ticket.auto_approved
      ? 'approved by its flow'
      : `approved by ${people.join(', ') || 'nobody'}`;
    say(`  Ticket ${id} (${key}): asked by ${ticket.maker}, ${consent}, ${ticket.status}.`);
  }
}

/** The fields of a protobuf message: [number, value], a length-delimited value as bytes. */
function* fieldsOf(message) {
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++];
      demand(byte !== undefined, 'a history is cut off');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(value);
    }
  };
  while (at < message.length) {
    const tag = varint();
    const kind = tag & 7;
    if (kind === 0) yield [tag >>> 3, varint()];
    else {
      const length = kind === 2 ? varint() : kind === 1 ? 8 : 4;
      yield [tag >>> 3, message.subarray(at, (at += length))];
    }
  }
}

/** What stands under a path of field numbers, each time that it does. */
const under = (message, [field, ...rest]) =>
  [...fieldsOf(message)]
    .filter(([number]) => number === field)
    .flatMap(([, value]) => (rest.length === 0 ? [value] : under(value, rest)));

// temporal.api.history.v1: HistoryEvent.event_id, .workflow_task_completed.worker_version.build_id,
// .activity_task_scheduled with its activity_type.name and input.payloads.data.
const [EVENT_ID, BUILD_ID, SCHEDULED] = [[1], [12, 5, 1], [15]];
const [TYPE, INPUT] = [
  [2, 1],
  [6, 1, 2],
];

function checkRuns({ runs, seal, entry }, events) {
  let isWorked = false;
  for (const { workflowId, runId, sha256: stored, bundleHash, release, history } of runs) {
    const raw = Buffer.from(history, 'base64');
    demand(hex(sha256(raw)) === stored, `the history of run ${runId} was altered`);
    const of = (action, field, value) =>
      events.find(({ action: a, after }) => a === action && after?.[field] === value)?.after;
    const archived = events.find((e) => e.action === 'history.archived' && e.runId === runId);
    demand(archived?.after.sha256 === stored, `the audit log has another hash for run ${runId}`);
    const code = under(raw, [1, ...BUILD_ID])
      .at(-1)
      ?.toString();
    demand((code ?? null) === bundleHash, `run ${runId} does not name the code ${bundleHash}`);
    const kept = bundleHash === null ? true : of('release.bundle_stored', 'bundleHash', bundleHash);
    demand(kept, `the audit log knows no release with the code ${bundleHash}`);
    say(`\n${workflowId}, run ${runId}, as it was archived: sha256 ${stored}.`);
    say(`  It ran on release ${release}, workflow code ${bundleHash}.`);
    for (const event of under(raw, [1])) {
      for (const scheduled of under(event, SCHEDULED)) {
        if (String(under(scheduled, TYPE)[0]) !== 'workShard') continue;
        const [run, shard] = under(scheduled, INPUT).map((data) => JSON.parse(String(data)));
        if (run !== seal.stepRunId || shard !== seal.shard) continue;
        isWorked = true;
        say(
          `  Its event ${under(event, EVENT_ID)[0]} hands out shard ${shard + 1} of step run ${run}.`,
        );
      }
    }
  }
  const isOpening = readLeaf(entry).journal.source_kind === 'opening';
  if (isOpening) say('\nNo workflow wrote this journal: the books were opened with it.');
  else demand(isWorked, 'none of the runs handed out the shard that wrote the journal');
}

function checkContract({ contract }, journal) {
  if (contract === null) return;
  const { terms, fees, bill } = contract;
  demand(terms.contractId === journal.sourceId, 'the contract is not that of the journal');
  say(`\nContract ${terms.contractId}: ${terms.side} ${terms.quantity} of ${terms.instrumentId}`);
  for (const fee of fees) {
    const last = fee.steps.at(-1).result ?? fee.exactAmount;
    demand(exact(last) === exact(fee.amount), `the fee ${fee.feeCode} is not what its rule gives`);
    const [{ arithmetic = fee.clamp }] = fee.steps;
    say(`  ${fee.feeCode.padEnd(20)} ${fee.amount.padStart(12)}  ${arithmetic}`);
  }
  const priced = sum(fees.map(({ amount }) => amount));
  const byHand = bill?.handPricedBy ?? null;
  // A pack of an older release has no bill: nobody could price by hand.
  demand(priced === exact(bill?.calculateOutAmount ?? terms.feeAmount), 'the fees do not add up');
  const total = byHand === null ? priced : sum(bill.items.map((item) => item.billAmount ?? '0'));
  demand(total === exact(terms.feeAmount), 'the bill does not add up');
  if (byHand !== null) {
    say(`  Priced by hand by ${byHand} at ${bill.handPricedAt}: ${bill.handPriceReason}`);
  }
  const gross = exact(terms.grossAmount);
  const net = terms.side === 'BUY' ? gross + total : gross - total;
  demand(net === exact(terms.netAmount), 'gross and fees do not give the net amount');
  const isCash = ({ holder, asset }) => holder === 'CLIENT' && asset === terms.currency;
  const cash = journal.postings.filter(isCash).map(({ amount }) => exact(amount));
  // Journals that settle securities move no cash.
  const fits = cash.length === 0 || cash.some((amount) => amount === net || amount === -net);
  demand(fits, 'the client was not booked the net amount');
  say(`  Fees ${terms.feeAmount}, net ${terms.netAmount} ${terms.currency}, as it was booked.`);
}

/** Whoever priced by hand stands in the audit log with just these amounts. */
function checkHandPrice({ contract }, events) {
  const bill = contract?.bill;
  if (!bill?.handPricedBy) return;
  const isIt = ({ action, person, after }) =>
    action.startsWith('contract_fee.') &&
    person === bill.handPricedBy &&
    exact(after.billAmount) === exact(bill.billAmount) &&
    after.reason === bill.handPriceReason;
  demand(events.some(isIt), 'the audit log does not know this price by hand');
}

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { key: { type: 'string' }, roots: { type: 'string' } },
  });
  const [file] = positionals;
  if (file === undefined) {
    console.error('Usage: node verify-evidence.mjs FILE [--key PEM] [--roots FILE]');
    return 2;
  }
  const pack = JSON.parse(readFileSync(file, 'utf8'));
  const { content } = pack;
  demand(content.format === 'daycut-evidence-1', 'this script does not know that format');
  checkSignature(pack, values.key);
  const journal = checkEntry(content);
  checkTrees(content);
  checkContract(content, journal);
  checkRoots(content, values.roots);
  const events = checkEvents(content);
  tellEvents(events, content);
  checkHandPrice(content, events);
  checkTickets(events);
  checkRuns(content, events);
  say('\nEverything holds.');
  return 0;
}

try {
  process.exitCode = main();
} catch (error) {
  // Whatever is missing or of another shape does not hold either.
  console.error(`\nThis does not hold: ${error instanceof Broken ? error.message : String(error)}`);
  process.exitCode = 1;
}
