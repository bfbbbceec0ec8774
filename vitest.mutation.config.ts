import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** They take seconds, so a mutant that another test kills never waits for them. */
const LAST = ['tariffs', 'second-engine', 'formulas'];

class QuickFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) =>
      LAST.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
    return [...files].sort((a, b) => place(a) - place(b));
  }
}

// `npm run mutation`: the tests that can tell a changed rule of fees, repeated for each mutant.
export default defineConfig({
  test: {
    include: ['test/domain/{fees,vectors}/**/*.test.ts'],
    // What it compares, the second engine compares too.
    exclude: ['test/domain/fees/fee-kernel.test.ts'],
    setupFiles: ['test/mutation-setup.ts'],
    testTimeout: 60_000,
    // Pure rules leave nothing behind, and a worker for each file costs more than its tests.
    isolate: false,
    sequence: { sequencer: QuickFirst },
    // Few random trades, always the same: a mutant is killed or not, whoever runs it.
    env: { TZ: 'UTC', FEE_TRADES: '1000', FEE_SEED: '20260316' },
  },
});
