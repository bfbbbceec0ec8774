// `npm run -s verify-audit -- …`: the dependencies first, then scripts/audit/verify.ts.
import { prepare } from './prepare.mjs';

prepare();
const { register } = await import('tsx/esm/api');
register();
await import('./audit/verify.ts');
