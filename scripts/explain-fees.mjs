// `npm run -s explain-fees -- …`: the dependencies first, then scripts/explain-fees/main.ts.
import { prepare } from './prepare.mjs';

prepare();
const { register } = await import('tsx/esm/api');
register();
await import('./explain-fees/main.ts');
