import type { EntityJson } from '#kernel/policy/action-entity.ts';
import type { EngineRequest } from '#kernel/policy/authority.ts';

/** What one row of the benchmark decides: policies as text, the entities they look at, and the requests that come in turn. */
export type Workload = {
  readonly policies: readonly { readonly id: string; readonly text: string }[];
  readonly entities: readonly EntityJson[];
  readonly requests: readonly EngineRequest[];
};

const groupsOfPrincipal = 5;
const kinds = ['image', 'video', 'text', 'audio'];

/**
 * Policies for as many groups as there are policies, each with an address range, a set and a comparison; every tenth
 * forbids. The principal is in five of the groups, so that five policies apply whatever their number; `everyone` puts
 * them all in scope instead.
 */
export function workload(count: number, everyone = false): Workload {
  const policies = Array.from({ length: count }, (_, index) => ({ id: `policy${index}`, text: policyText(index, everyone) }));
  const step = Math.max(1, Math.floor(count / groupsOfPrincipal));
  const groups = Array.from({ length: groupsOfPrincipal }, (_, index) => ({ type: 'Gamut::Group', id: `g${(index * step) % count}` }));
  const entities: EntityJson[] = [
    { uid: { type: 'Gamut::Principal', id: 'ada' }, attrs: { level: 7 }, parents: groups },
    ...groups.map((uid) => ({ uid, attrs: {}, parents: [] })),
    { uid: { type: 'Gamut::Scope', id: 'live' }, attrs: {}, parents: [] },
    ...kinds.map((kind, index) => ({
      uid: { type: 'storage::Object', id: `o${index}` },
      attrs: { kind, size: 100 * (index + 1), owner: { __entity: { type: 'Gamut::Principal', id: 'ada' } } },
      parents: [{ type: 'Gamut::Scope', id: 'live' }],
    })),
    { uid: { type: 'storage::Action', id: 'GetObject' }, attrs: {}, parents: [] },
  ];
  const requests = kinds.flatMap((_, index) =>
    ['10.0.0.7', '10.1.2.3', '192.168.0.1'].map((address) => ({
      principal: { type: 'Gamut::Principal', id: 'ada' },
      action: { type: 'storage::Action', id: 'GetObject' },
      resource: { type: 'storage::Object', id: `o${index}` },
      context: { face: 'bearer', now: 1_800_000_000_000, ip: { __extn: { fn: 'ip', arg: address } } },
    })),
  );
  return { policies, entities, requests };
}

function policyText(index: number, everyone: boolean): string {
  const effect = index % 10 === 9 ? 'forbid' : 'permit';
  const principal = everyone ? 'principal' : `principal in Gamut::Group::"g${index}"`;
  return `${effect} (${principal}, action == storage::Action::"GetObject", resource)
when {
  context.ip.isInRange(ip("10.${index % 4}.0.0/16")) &&
  ["image", "video", "${kinds[index % kinds.length]}"].contains(resource.kind) &&
  resource.size < ${150 + (index % 5) * 100} &&
  principal.level >= 5
};`;
}
