import { join } from 'node:path';
import { takeLock, type Holder } from '../lock-file.mjs';

export interface InstanceLock {
  /** Known only later: tells the next one who asks. */
  readonly announce: (url: string) => void;
  readonly release: () => void;
}

/** Thrown when another living process holds the folder. */
export class AlreadyRunning extends Error {
  override name = 'AlreadyRunning';

  constructor({ pid, since, url }: Holder, dir: string) {
    const where = url === undefined ? 'it is still starting' : url;
    super(`Daycut already runs on ${dir}: process ${pid}, ${where}, since ${since}.`);
  }
}

/** One launcher for each data folder. What a killed one left behind is taken over. */
export function lockInstance(dir: string): InstanceLock {
  const { lock, holder } = takeLock(join(dir, 'instance.json'));
  if (lock === undefined) throw new AlreadyRunning(holder, dir);
  return { announce: (url) => lock.rewrite({ url }), release: lock.release };
}
