import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../../config.ts';

const THIS_FILE = 'test/architecture/tidy.test.ts';
const SOURCE = /\.(ts|tsx|js|mjs|cjs)$/;
const TEXT = /\.(ts|tsx|js|mjs|cjs|sql|md|json|yml|yaml|csv)$|(^|\/)(run|\.env\.example)$/;
const SHIPPED = /^(domain|temporal|workflows|tickets|activities|api|db)\/|^(worker|server)\.ts$/;

const ERROR_CODE = /^ {2}([A-Z_]+): entry\($/gm;
const EXPORTED = /^export (?:async )?(?:function|const|class|interface|type) (\w+)/gm;

interface Ban {
  readonly what: string;
  readonly pattern: RegExp;
  readonly instead: string;
  readonly where: RegExp;
  readonly except?: RegExp;
}

const BANS: readonly Ban[] = [
  {
    what: 'money as a number',
    pattern: /\bparseFloat\(|\bNumber\([^)]*(amount|price|money|fee|cash|balance|quantity)/i,
    instead: 'Decimal, from domain/money',
    where: SHIPPED,
  },
  {
    what: 'the environment',
    pattern: /process\.env\b/,
    instead: 'loadConfig(), in worker.ts or server.ts',
    where: /\.ts$/,
    except: /^(config|worker|server)\.ts$|^(scripts|test|bench)\/|\.config\.ts$/,
  },
  {
    what: 'console',
    pattern: /\bconsole\.\w+\(/,
    instead: 'the logger that is passed in',
    where: SHIPPED,
  },
  {
    what: 'an open end',
    pattern: /\b(TODO|FIXME|HACK)\b/,
    instead: 'the work done, or the reason why it is not',
    where: TEXT,
  },
  {
    what: 'a test that does not run',
    pattern: /\b(it|test|describe)\.(skip|only|todo)\b/,
    instead: 'a test that runs',
    where: /\.test\.ts$/,
  },
  {
    what: 'a name of hope instead of fact',
    pattern: /\b(it|test)(\.each\([^)]*\))?\(\s*['"`][^'"`]*\bshould\b/,
    instead: 'a fact in the present tense',
    where: /\.test\.ts$/,
  },
  {
    what: 'an asynchronous validator, whose promise Temporal drops',
    pattern: /validator:\s*async\b/,
    instead: 'a synchronous one',
    where: /\.ts$/,
  },
  {
    what: 'a path of one machine',
    pattern: /(?<![\w.])\/(work|root|home|Users)\/[\w.-]/,
    instead: 'a path from the top of the project',
    where: TEXT,
  },
  {
    what: 'the address of a package registry',
    pattern: /registry\.npmjs|pypi\.org|pythonhosted|proxy\.golang|repo\.maven/,
    instead: 'the package by its name, through its ordinary client',
    where: TEXT,
    except: /^docs\//,
  },
  {
    what: 'a comment that breaks after a single word',
    pattern: /^ *(\*|\/\/) [^\s@]\S*\n *\1 \S/m,
    instead: 'lines that are filled',
    where: SOURCE,
  },
  {
    what: 'a default export',
    pattern: /^export default\b/m,
    instead: 'a named one',
    where: /\.ts$/,
    except: /\.config\.ts$/,
  },
];

const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
  cwd: projectRoot,
  encoding: 'utf8',
});
const files = listed
  .split('\n')
  .filter((file) => file !== '' && file !== THIS_FILE && existsSync(join(projectRoot, file)));
const contents = new Map(
  files
    .filter((file) => TEXT.test(file) && file !== 'package-lock.json')
    .map((file) => [file, readFileSync(join(projectRoot, file), 'utf8')]),
);
const sources = files.filter((file) => SOURCE.test(file));

const timesSaid = new Map<string, number>();
for (const file of sources.filter((each) => !each.startsWith('test/'))) {
  for (const word of contents.get(file)?.match(/\w+/g) ?? []) {
    timesSaid.set(word, (timesSaid.get(word) ?? 0) + 1);
  }
}

describe('the files of the project', () => {
  it('are seen by this test', () => {
    expect(sources.length).toBeGreaterThan(50);
    expect(contents.size).toBeGreaterThan(sources.length);
  });

  it.each(BANS)('hold nowhere $what; there is $instead', ({ pattern, where, except }) => {
    const untidy = [...contents]
      .filter(([file]) => where.test(file) && !except?.test(file))
      .flatMap(([file, text]) => linesWith(pattern, text).map((line) => `${file}:${line}`));
    expect(untidy).toEqual([]);
  });

  it('have names that say something', () => {
    const vague = /(^|\/)(utils?|helpers?|common|shared|core|misc|lib)(\/|\.[a-z]+$)/;
    expect(files.filter((file) => vague.test(file))).toEqual([]);
  });

  it('have names in kebab-case', () => {
    const kebab = /^[a-z0-9.-]+$/;
    const names = sources.filter((file) => !kebab.test(file.split('/').at(-1) ?? ''));
    expect(names).toEqual([]);
  });

  it('have lines that fit a screen', () => {
    const long = sources.flatMap((file) =>
      (contents.get(file) ?? '')
        .split('\n')
        .flatMap((line, index) => (isTooLong(line) ? [`${file}:${index + 1}`] : [])),
    );
    expect(long).toEqual([]);
  });

  it('have no barrel: an index is a registry of workflows, activities or ticket keys', () => {
    const barrels = files.filter((file) => /(^|\/)index\.ts$/.test(file));
    expect(
      barrels.filter(
        (file) => !/^(workflows|tickets|activities|activities\/steps)\/index\.ts$/.test(file),
      ),
    ).toEqual([]);
  });

  it('export nothing from domain/ that only tests use', () => {
    const unused = sources
      .filter((file) => file.startsWith('domain/'))
      .flatMap((file) => unusedNames(file, EXPORTED));
    expect(unused).toEqual([]);
  });

  it('list no error code that nothing can raise', () => {
    expect(unusedNames('domain/errors/error-catalogue.ts', ERROR_CODE)).toEqual([]);
  });

  it('have nobody who imports another folder by an alias', () => {
    const aliased = sources.filter((file) => /from '(@\/|~\/|#)/.test(contents.get(file) ?? ''));
    expect(aliased).toEqual([]);
  });
});

/** The names that a file declares and that no shipped file, itself included, says again. */
function unusedNames(file: string, declaration: RegExp): string[] {
  const declared = [...(contents.get(file) ?? '').matchAll(declaration)];
  return declared.flatMap(([, name = '']) =>
    timesSaid.get(name) === 1 ? [`${file}: ${name}`] : [],
  );
}

function linesWith(pattern: RegExp, text: string): number[] {
  const each = new RegExp(pattern.source, `${pattern.flags}g`);
  return [...text.matchAll(each)].map(({ index }) => text.slice(0, index).split('\n').length);
}

/**
 * Comments stay within 100 columns. The formatter keeps code there; what it may not break, a text
 * or a line of SQL, may be a little longer, since broken text cannot be searched for.
 */
function isTooLong(line: string): boolean {
  const isComment = /^\s*(\/\/|\/?\*)/.test(line);
  const withoutTexts = line.replaceAll(/'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|\/.{40,}\//g, "''");
  return line.length > (isComment ? 100 : 125) && withoutTexts.length > 60;
}
