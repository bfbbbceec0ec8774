// `npm start`: from a clean clone to a cleared day.
import { prepare } from './prepare.mjs';

await prepare();
const { register } = await import('tsx/esm/api');
register();
await import('./launch.ts');
