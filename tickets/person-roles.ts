import Type from 'typebox';
import { recordAuditEvent } from '../db/audit.repository.ts';
import { lockPerson, replaceRoles, type LockedPerson } from '../db/people.repository.ts';
import { assertRolesKnown, isOnlyAdmin, lockRoleChanges } from '../db/role-changes.repository.ts';
import type { Transaction } from '../db/transaction.ts';
import type { Refusal } from '../domain/clearing/guards.ts';
import { ClearingError } from '../domain/errors/clearing-error.ts';
import { strict } from './payload-fields.ts';
import { ticketKind } from './ticket-kind.ts';

/** 人员角色: from the next request of the person on they hold exactly these roles. */
export const personRoles = ticketKind({
  key: 'admin.person_roles.exec',
  name: { en: 'Roles of a person', zhHans: '人员角色变更', zhHant: '人員角色變更' },
  targetType: 'person',
  target: strict({ personId: Type.String({ minLength: 1, maxLength: 64 }) }),
  payload: strict({
    roles: Type.Array(Type.String({ minLength: 1, maxLength: 64 }), {
      maxItems: 20,
      uniqueItems: true,
    }),
  }),
  ask: 'admin.people_operation',
  see: 'admin.people_query',

  async subject(t, { target: { personId }, payload }, { lock }) {
    if (lock) await lockRoleChanges(t);
    const person = await lockPerson(t.tx, personId);
    const { active, version, roles } = person;
    await assertRolesKnown(t.tx, payload.roles);
    return {
      targetId: personId,
      version: String(version),
      before: { roles },
      after: { roles: [...payload.roles].sort() },
      refusal: active
        ? await adminRefusal(t, person, payload.roles)
        : { code: 'PERSON_LEFT', details: { personId } },
    };
  },

  effect: {
    kind: 'transaction',
    async apply(t, { ticketId, target: { personId }, payload, maker, approvers, subject }) {
      // Asking and consenting are two people; neither of them may be the only one who gains by it.
      if (approvers.includes(personId)) throw new ClearingError('SELF_APPROVAL', { personId });
      await replaceRoles(t.tx, personId, payload.roles);
      await recordAuditEvent(t.tx, {
        person: maker,
        action: 'person.roles_changed',
        outcome: 'ACCEPTED',
        targetType: 'person',
        targetId: personId,
        before: subject.before,
        after: { ...subject.after, approvers },
        ticketId,
      });
      return subject.after;
    },
  },
});

async function adminRefusal(
  t: Transaction,
  person: LockedPerson,
  roles: readonly string[],
): Promise<Refusal | undefined> {
  if (roles.includes('admin') || !(await isOnlyAdmin(t.tx, person))) return undefined;
  return { code: 'LAST_ADMIN', details: { personId: person.personId } };
}
