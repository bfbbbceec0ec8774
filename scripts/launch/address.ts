import { createServer } from 'node:net';
import { freePort, poll } from '../embedded/processes.ts';

/** Who listens on every address is asked on the one that never leaves this machine. */
const EVERY_ADDRESS: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** Where this machine reaches the API. */
export function baseUrlOf(host: string, port: number): string {
  const address = EVERY_ADDRESS[host] ?? host;
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}/api/v1`;
}

/** A former launcher's server may need a moment to be gone; another program stays. */
export async function portFor(host: string, port: number): Promise<number> {
  if (port === 0) return freePort();
  const tryToListen = () =>
    new Promise<true>((done, fail) => {
      const probe = createServer();
      probe.once('error', fail);
      probe.listen(port, host, () => probe.close(() => done(true)));
    });
  try {
    await poll(`a free port ${port}`, 5000, tryToListen);
  } catch (error) {
    throw new Error(`Port ${port} is in use by another program; PORT=… npm start takes another.`, {
      cause: error,
    });
  }
  return port;
}
