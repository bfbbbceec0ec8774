import { writeFileSync } from 'node:fs';
import { describeApi } from './export/describe-api.ts';
import { errorsPage, permissionsPage } from './export/docs-tables.ts';

/** Writes the pages of docs/ that are tables of the code, so that they cannot go stale. */
const { routes } = await describeApi();
writeFileSync(new URL('../docs/errors.md', import.meta.url), errorsPage());
writeFileSync(new URL('../docs/permissions.md', import.meta.url), permissionsPage(routes));
