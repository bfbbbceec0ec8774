import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadConfig, loadTemporal, SETTINGS } from '../../config.ts';

const minimal = { DATABASE_URL: 'postgres://daycut@127.0.0.1/daycut' };
const example = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8');
const exampleValues = Object.fromEntries(
  [...example.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]),
);

describe('loadConfig', () => {
  it('needs nothing but a database', () => {
    expect(loadConfig(minimal)).toMatchObject({ PORT: 3000, DAYCUT_CUTOFF_TIME: '17:00' });
  });

  it('names every problem at once', () => {
    const broken = {
      PORT: 'x',
      DAYCUT_CUTOFF_TIME: '25:00',
      LOG_LEVEL: 'loud',
      DAYCUT_EMBEDDED: '?',
    };
    expect(() => loadConfig(broken)).toThrow(
      /DATABASE_URL[^]*PORT[^]*LOG_LEVEL[^]*DAYCUT_EMBEDDED[^]*DAYCUT_CUTOFF_TIME/,
    );
  });

  it('takes an empty variable for an absent one', () => {
    expect(loadConfig({ ...minimal, PORT: '', DAYCUT_JWKS_URL: '' }).PORT).toBe(3000);
  });

  it('refuses a clock that it cannot read', () => {
    expect(() => loadConfig({ ...minimal, DAYCUT_CLOCK: 'tomorrow' })).toThrow(/not a clock/);
  });

  it('wants issuer and audience with a key address', () => {
    const halfway = { ...minimal, DAYCUT_JWKS_URL: 'https://sign-in.example/keys' };
    expect(() => loadConfig(halfway)).toThrow(/DAYCUT_JWT_ISSUER[^]*DAYCUT_JWT_AUDIENCE/);
  });

  it('never repeats a value, which may be a password', () => {
    expect(() => loadConfig({ DATABASE_URL: 'mysql://me:secret@db' })).toThrow(/^(?![^]*secret)/);
  });
});

describe('.env.example', () => {
  it('lists every setting and no other', () => {
    expect(Object.keys(exampleValues).sort()).toEqual(Object.keys(SETTINGS).sort());
  });

  it('shows the defaults', () => {
    for (const [name, { default: value }] of Object.entries(SETTINGS)) {
      if (value !== undefined)
        expect(`${name}=${exampleValues[name]!}`).toBe(`${name}=${String(value)}`);
    }
  });

  it('is itself a usable environment', () => {
    expect(() => loadConfig(exampleValues)).not.toThrow();
  });
});

describe('loadTemporal', () => {
  it('reads address and namespace as the tools of Temporal do', () => {
    const { connectionOptions, namespace } = loadTemporal({
      TEMPORAL_ADDRESS: 'temporal.example:7233',
      TEMPORAL_NAMESPACE: 'clearing',
    });
    expect([connectionOptions.address, namespace]).toEqual(['temporal.example:7233', 'clearing']);
  });
});
