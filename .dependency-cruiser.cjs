// The architecture as rules: who may import whom, and why.
const rule = (name, comment, from, to) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to,
});
const otherThan = (...paths) => ({ pathNot: paths, dependencyTypesNot: ['type-only'] });

module.exports = {
  forbidden: [
    rule(
      'domain-is-pure',
      'Rules of clearing must run anywhere: in a workflow, a test, a browser.',
      '^domain/',
      otherThan('^domain/', 'node_modules/decimal\\.js'),
    ),
    rule(
      'temporal-is-glue',
      'Both sides of the wire share it: it knows Temporal and the rules, never tables or routes.',
      '^temporal/',
      otherThan('^temporal/', '^domain/', 'node_modules/@temporalio/', '^(crypto|module)$'),
    ),
    rule(
      'workflows-are-deterministic',
      'Anything else could differ on replay.',
      '^workflows/',
      otherThan(
        '^workflows/',
        '^domain/',
        '^temporal/',
        'node_modules/@temporalio/(workflow|common)',
      ),
    ),
    rule(
      'workflows-see-activity-types-only',
      'A workflow names an activity; it never loads one.',
      '^workflows/',
      { path: '^activities/', pathNot: '^activities/contract\\.ts$' },
    ),
    rule('db-knows-no-caller', 'Tables and queries serve both sides.', '^db/', {
      path: '^(activities|api|workflows|tickets)/',
    }),
    rule(
      'ticket-keys-declare',
      'A ticket key says what it speaks about and what consent does; both sides of the wire read it.',
      '^tickets/',
      otherThan('^tickets/', '^domain/', '^db/', '^temporal/', 'node_modules/typebox/', '^crypto$'),
    ),
    rule('activities-do-not-serve', 'Activities work; the API serves.', '^activities/', {
      path: '^(api/|workflows/(?!messages))',
    }),
    rule(
      'api-does-not-do-work',
      'The API starts, messages and reads; activities do the work.',
      '^api/',
      {
        path: '^(activities/|workflows/(?!messages))',
      },
    ),
    rule(
      'fees-are-recomputed-apart',
      'A second opinion on a fee is worth nothing when it shares code with the first.',
      '^scripts/explain-fees/(recompute-fee|explained-terms)\\.ts$',
      otherThan('node_modules/decimal\\.js', '^scripts/explain-fees/explained-terms\\.ts$'),
    ),
    {
      name: 'sql-stays-in-db',
      comment: 'One folder knows SQL drivers; composition roots and tools may open a pool.',
      severity: 'error',
      from: { path: '^(domain|temporal|workflows|activities|api|tickets)/' },
      to: {
        path: 'node_modules/(drizzle-orm|pg|pg-cursor|pg-copy-streams)/',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'no-cycles',
      comment: 'A cycle means that two modules are one.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
