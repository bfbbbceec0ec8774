import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  type KeyObject,
} from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { signedText, type EvidenceContent, type EvidencePack } from '../domain/audit/evidence.ts';

/** In DAYCUT_HOME, where no other is configured. */
export const EVIDENCE_KEY_FILE = 'evidence-key.pem';

const ALGORITHM = 'Ed25519';

/** What a broker signs evidence with. Whoever has the private half can make evidence. */
export interface EvidenceKey {
  readonly algorithm: typeof ALGORITHM;
  /** PEM. */
  readonly publicKey: string;
  /** sha256 of the public key as DER: short enough to be read aloud, or printed. */
  readonly fingerprint: string;
  sign(content: EvidenceContent): EvidencePack;
}

/** Reads the private key (PEM, PKCS 8). Throws when it is not an Ed25519 key. */
export function readEvidenceKey(file: string): EvidenceKey {
  return keyOf(createPrivateKey(readFileSync(file)), file);
}

/** The same; made when it is missing, in a file that only its owner reads. */
export function openEvidenceKey(file: string): EvidenceKey {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true });
    const { privateKey } = generateKeyPairSync('ed25519');
    try {
      const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
      writeFileSync(file, pem, { mode: 0o600, flag: 'wx' });
    } catch (error) {
      // Another process was faster; its key is the one that counts.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  return readEvidenceKey(file);
}

function keyOf(privateKey: KeyObject, file: string): EvidenceKey {
  if (privateKey.asymmetricKeyType !== 'ed25519') throw new Error(`${file} is no Ed25519 key`);
  const open = createPublicKey(privateKey);
  const der = open.export({ type: 'spki', format: 'der' });
  const about = {
    algorithm: ALGORITHM,
    publicKey: open.export({ type: 'spki', format: 'pem' }).toString(),
    fingerprint: createHash('sha256').update(der).digest('hex'),
  } as const;
  return {
    ...about,
    sign: (content) => {
      const value = sign(null, Buffer.from(signedText(content)), privateKey).toString('base64');
      return { content, signature: { ...about, value } };
    },
  };
}
