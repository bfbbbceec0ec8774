import type { FastifyRequest } from 'fastify';

/** Who does it, by which account, permission and request: the begin of an event of a route. */
export const actorOf = ({ person, routeOptions, id }: FastifyRequest) => ({
  person: person.id,
  account: person.account,
  permission: routeOptions.config.permission,
  requestId: id,
});
