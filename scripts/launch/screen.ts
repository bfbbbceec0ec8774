/** What a person sees of the start: one line for each thing that is done, with its time. */
export interface Screen {
  readonly say: (line: string) => void;
  readonly done: (what: string, how: string) => void;
  readonly during: <T>(what: string, work: () => Promise<T>) => Promise<T>;
  /** Shown until the next line, where the terminal can; nowhere else. */
  readonly passing: (line: string) => void;
}

const NAME_WIDTH = 34;

export function createScreen(out: NodeJS.WriteStream): Screen {
  let hasPassing = false;
  const clear = () => {
    if (hasPassing) out.write('\r\u001b[2K');
    hasPassing = false;
  };
  const say = (line: string) => {
    clear();
    out.write(`${line}\n`);
  };
  const passing = (line: string) => {
    if (!out.isTTY) return;
    clear();
    out.write(line.slice(0, (out.columns || 100) - 1));
    hasPassing = true;
  };
  const done = (what: string, how: string) => say(`  ${what.padEnd(NAME_WIDTH)} ${how}`);
  return {
    say,
    passing,
    done,
    during: async (what, work) => {
      passing(`  ${what} …`);
      const began = performance.now();
      const result = await work();
      done(what, seconds(performance.now() - began));
      return result;
    },
  };
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
