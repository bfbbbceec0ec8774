import { writeFileSync } from 'node:fs';
import { describeApi } from './export/describe-api.ts';

/** `npm run openapi` writes the document that clients are generated from; a test compares it. */
const { openapi } = await describeApi();
writeFileSync(new URL('../api/openapi.json', import.meta.url), openapi);
