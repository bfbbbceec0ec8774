import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeApi, type ApiDescription } from '../../scripts/export/describe-api.ts';
import { errorsPage, permissionsPage } from '../../scripts/export/docs-tables.ts';

const committed = (path: string): string =>
  readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly responses: Readonly<Record<string, object>>;
}

describe('the published description', () => {
  let api: ApiDescription;
  beforeAll(async () => {
    api = await describeApi();
  });

  it('api/openapi.json is what the routes say; npm run openapi writes it', () => {
    expect(committed('api/openapi.json')).toBe(api.openapi);
  });

  it('docs/errors.md is the catalogue; scripts/docs-tables.ts writes it', () => {
    expect(committed('docs/errors.md')).toBe(errorsPage());
  });

  it('docs/permissions.md is the roles and the route table', () => {
    expect(committed('docs/permissions.md')).toBe(permissionsPage(api.routes));
  });

  it('every operation has a name of its own, a summary, a tag and its problems', () => {
    const { paths } = JSON.parse(api.openapi) as {
      paths: Record<string, Record<string, Operation>>;
    };
    const operations = Object.values(paths).flatMap((path) => Object.values(path));
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(operations.length);
    expect(operations.length).toBeGreaterThan(40);
    for (const operation of operations) {
      expect(operation).toMatchObject({
        operationId: expect.any(String) as string,
        summary: expect.any(String) as string,
        tags: [expect.any(String)],
      });
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['4XX', '5XX']));
    }
  });
});
