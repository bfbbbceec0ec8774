import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeApi, type ApiDescription } from '../../scripts/export/describe-api.ts';
import { errorsPage, permissionsPage } from '../../scripts/export/docs-tables.ts';
import { operationsOf, refsIn, schemasIn, type ApiDocument, type Operation } from './document.ts';

const committed = (path: string): string =>
  readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('the published description', () => {
  let api: ApiDescription;
  let document: ApiDocument;
  let operations: readonly Operation[];
  beforeAll(async () => {
    api = await describeApi();
    document = JSON.parse(api.openapi) as ApiDocument;
    operations = operationsOf(document);
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

  it('every parameter is named once, has a schema, and stands in the path if it is one of it', () => {
    for (const { operationId, path, parameters } of operations) {
      const names = parameters.map((parameter) => `${parameter.in} ${parameter.name}`);
      expect([operationId, new Set(names).size]).toEqual([operationId, names.length]);
      const inPath = parameters.filter((parameter) => parameter.in === 'path');
      expect(inPath.map(({ name }) => name).sort()).toEqual(
        [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort(),
      );
      expect(inPath.filter(({ required }) => !required)).toEqual([]);
      expect(parameters.filter(({ schema }) => schema.type === undefined)).toEqual([]);
    }
  });

  it('what has a default is not required', () => {
    const wrong = operations.flatMap(({ operationId, parameters }) =>
      parameters
        .filter(({ required, schema }) => required && 'default' in schema)
        .map(({ name }) => `${operationId} ${name}`),
    );
    expect(wrong).toEqual([]);
    const limits = operations.flatMap(({ parameters }) =>
      parameters.filter(({ name }) => name === 'limit'),
    );
    expect(limits.length).toBeGreaterThan(15);
  });

  it('a body is required where a field of it is, or where it is no object', () => {
    const optional = operations
      .filter(({ requestBody }) => requestBody?.required === false)
      .map(({ operationId }) => operationId);
    expect(optional.sort()).toEqual([
      'approveTicket',
      'closeTicket',
      'pauseFlow',
      'rejectTicket',
      'runReadiness',
      'runStep',
      'startFlow',
      'withdrawTicket',
    ]);
  });

  it('every answer has a description and its headers', () => {
    for (const { operationId, parameters, responses } of operations) {
      const isKeyed = parameters.some(({ name }) => name === 'idempotency-key');
      for (const [status, { description, headers }] of Object.entries(responses)) {
        expect([operationId, status, description]).not.toContain('');
        expect(Object.keys(headers ?? {})).toContain('x-request-id');
        expect(Object.keys(headers ?? {}).includes('location')).toBe(status === '202');
        const canBeReplayed = isKeyed && (status === '200' || status === '4XX');
        expect(Object.keys(headers ?? {}).includes('idempotency-replayed')).toBe(canBeReplayed);
      }
    }
  });

  it('every reference leads somewhere', () => {
    for (const reference of refsIn(document)) {
      const found = reference
        .replace('#/', '')
        .split('/')
        .reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], document);
      expect([reference, typeof found]).toEqual([reference, 'object']);
    }
  });

  it('every schema means what it says: null is in the list of what may be null', () => {
    const schemas = schemasIn(document);
    expect(schemas.length).toBeGreaterThan(300);
    const types = ['string', 'integer', 'number', 'boolean', 'object', 'array', 'null'];
    for (const schema of schemas) {
      const said = [schema.type ?? []].flat();
      expect([said, said.filter((type) => !types.includes(type))]).toEqual([said, []]);
      if (schema.enum) {
        expect([schema.enum, schema.enum.includes(null)]).toEqual([
          schema.enum,
          said.includes('null'),
        ]);
      }
      const fields = Object.keys(schema.properties ?? {});
      expect(fields).toEqual(expect.arrayContaining([...(schema.required ?? [])]));
      if (schema.pattern !== undefined)
        expect(() => new RegExp(schema.pattern!, 'u')).not.toThrow();
    }
  });
});
