import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { recordAuditEvent } from '../../db/audit.repository.ts';
import { sha256Of } from '../../temporal/hashes.ts';
import { signedText, type EvidencePack } from '../../domain/audit/evidence.ts';
import { ClearingError } from '../../domain/errors/clearing-error.ts';
import { actorOf } from '../audit-actor.ts';
import { gatherEvidence } from '../evidence.ts';
import { Day, Id, shape, strict } from '../schemas/fields.ts';

const tags = ['audit'];
const Hash = Type.String({ pattern: '^[0-9a-f]{64}$' });

/** What is in it says docs/audit.md; scripts/verify-evidence.mjs reads it. */
const Pack = Type.Unsafe<EvidencePack>({
  type: 'object',
  additionalProperties: true,
  description: 'content, and signature over the content as canonical JSON.',
});

export const evidenceRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { db, evidenceKey } = app.daycut;
  app.get(
    '/audit/evidence',
    {
      config: { permission: 'audit.evidence_export' },
      schema: {
        operationId: 'exportEvidence',
        tags,
        summary: 'A signed file that proves a ledger entry without a database',
        querystring: strict({ journalId: Id, ledgerDate: Day }),
        response: { 200: Pack },
      },
    },
    async (request) => {
      if (!evidenceKey) throw new ClearingError('EVIDENCE_KEY_MISSING', {});
      const { journalId, ledgerDate } = request.query;
      const pack = evidenceKey.sign(await gatherEvidence(db, ledgerDate, journalId));
      await recordAuditEvent(db, {
        ...actorOf(request),
        action: 'evidence.exported',
        outcome: 'ACCEPTED',
        targetType: 'journal',
        targetId: String(journalId),
        ledgerDate,
        after: {
          sha256: sha256Of(signedText(pack.content)),
          fingerprint: evidenceKey.fingerprint,
        },
      });
      return pack;
    },
  );
  app.get(
    '/audit/key',
    {
      config: { signedIn: true },
      schema: {
        operationId: 'getEvidenceKey',
        tags,
        summary: 'The public key of evidence, and its fingerprint',
        response: {
          200: shape({
            algorithm: Type.String(),
            publicKey: Type.String({ description: 'PEM.' }),
            fingerprint: Hash,
          }),
        },
      },
    },
    async () => {
      if (!evidenceKey) throw new ClearingError('EVIDENCE_KEY_MISSING', {});
      const { algorithm, publicKey, fingerprint } = evidenceKey;
      return { algorithm, publicKey, fingerprint };
    },
  );
};
