import { readdirSync, readFileSync } from 'node:fs';

/*
 * What processes used, from /proc: CPU seconds, and the most memory each ever held. On another
 * system the numbers are absent, not guessed.
 */
const TICKS_PER_SECOND = 100;

interface Stat {
  readonly parent: number;
  readonly own: number;
  readonly reaped: number;
}

function statOf(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const at = (index: number): number => fields[index] ?? 0;
    return { parent: at(1), own: at(11) + at(12), reaped: at(13) + at(14) };
  } catch {
    return undefined;
  }
}

function childrenOf(parent: number): number[] {
  try {
    const all = readdirSync('/proc').map(Number).filter(Number.isInteger);
    return all.filter((pid) => statOf(pid)?.parent === parent);
  } catch {
    return [];
  }
}

/** CPU seconds of a process and of all that it started, the ended ones too. */
export function cpuSeconds(pid: number): number {
  const stat = statOf(pid);
  if (stat === undefined) return 0;
  const living = childrenOf(pid).reduce((sum, child) => sum + cpuSeconds(child), 0);
  return (stat.own + stat.reaped) / TICKS_PER_SECOND + living;
}

function kilobytes(pid: number, field: string): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** The most resident memory that a process ever had, in MB. */
export const peakMegabytes = (pid: number): number => Math.round(kilobytes(pid, 'VmHWM') / 1024);

/** Private memory of all processes below one, now, in MB: what PostgreSQL's backends hold. */
export const privateMegabytes = (pid: number): number =>
  Math.round(
    [pid, ...childrenOf(pid)].reduce((sum, one) => sum + kilobytes(one, 'RssAnon'), 0) / 1024,
  );

export interface Machine {
  readonly cores: number;
  readonly memoryGb: number;
  readonly cpu: string;
}

/** Cores, memory and CPU family; never a name of the host. */
export function machine(): Machine {
  const cpu = readFileSync('/proc/cpuinfo', 'utf8');
  const memory = readFileSync('/proc/meminfo', 'utf8');
  return {
    cores: (cpu.match(/^processor\s*:/gm) ?? []).length,
    memoryGb: Math.round(Number(/MemTotal:\s+(\d+)/.exec(memory)?.[1] ?? 0) / 1024 / 1024),
    cpu: /model name\s*:\s*(.+)/.exec(cpu)?.[1]?.trim() ?? 'unknown',
  };
}

/** CPU seconds of the whole machine since it started: shows what strangers took from a run. */
export function machineCpuSeconds(): number {
  const line = readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '';
  const [user = 0, nice = 0, system = 0] = line.split(/\s+/).slice(1).map(Number);
  return (user + nice + system) / TICKS_PER_SECOND;
}
