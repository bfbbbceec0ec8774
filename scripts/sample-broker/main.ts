import { parseArgs } from 'node:util';
import { loadSampleBroker, loadTinyBroker } from './load.ts';

const USAGE = `Fills an empty, migrated database with the sample broker.

  npx tsx scripts/sample-broker/main.ts --url postgres://… [options]

  --tiny            thirty accounts and no trades, instead of a whole week
  --scale N         N times the orders (1)
  --accounts N      how many accounts (600)
  --seed N          another week of the same kind
  --files FOLDER    where the counterparty files go (.daycut/sample-broker)
`;

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    tiny: { type: 'boolean', default: false },
    scale: { type: 'string' },
    accounts: { type: 'string' },
    seed: { type: 'string' },
    files: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

function numberOf(name: 'scale' | 'accounts' | 'seed'): Record<string, number> {
  const text = values[name];
  if (text === undefined) return {};
  const number = Number(text);
  if (!Number.isFinite(number) || number <= 0)
    throw new RangeError(`--${name} ${text}: not usable`);
  return { [name]: number };
}

if (values.help || values.url === undefined) {
  console.log(USAGE);
  process.exitCode = values.help ? 0 : 2;
} else if (values.tiny) {
  await loadTinyBroker(values.url);
} else {
  await loadSampleBroker(values.url, {
    ...numberOf('scale'),
    ...numberOf('accounts'),
    ...numberOf('seed'),
    ...(values.files === undefined ? {} : { filesDir: values.files }),
  });
}
