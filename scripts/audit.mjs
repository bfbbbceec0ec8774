// `npm run -s audit -- …`: the dependencies first, then scripts/audit/main.ts with the arguments.
import { prepare } from './prepare.mjs';

prepare();
// As in the workers: a replayed workflow must see the zone that it ran in.
process.env.TZ = 'UTC';
const { register } = await import('tsx/esm/api');
register();
await import('./audit/main.ts');
