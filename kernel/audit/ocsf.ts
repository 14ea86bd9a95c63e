import type { AuditRecord } from './record.ts';

/** OCSF 1.4, API Activity (class 6003), as far as an audit record says anything. */
export type ApiActivity = {
  readonly class_uid: 6003;
  readonly class_name: 'API Activity';
  readonly category_uid: 6;
  readonly category_name: 'Application Activity';
  readonly activity_id: number;
  readonly type_uid: number;
  readonly time: number;
  readonly severity_id: number;
  readonly status_id: 1 | 2;
  readonly status_code: string;
  readonly count: number;
  readonly metadata: { readonly version: '1.4.0'; readonly product: { readonly name: 'Gamut'; readonly vendor_name: 'Gamut' } };
  readonly api: {
    readonly operation: string;
    readonly service: { readonly name: string };
    readonly request: { readonly uid: string };
  };
  readonly actor: {
    readonly user: { readonly uid: string; readonly credential_uid: string };
    readonly invoked_by?: string;
  };
  /** The door's face stands for the address, which is not recorded. */
  readonly src_endpoint: { readonly name: string };
  readonly resources: readonly { readonly type: string; readonly name: string }[];
  readonly unmapped: {
    readonly scope: string;
    readonly bytes: number;
    readonly gap?: true;
    readonly log?: string;
    readonly offset?: string;
    readonly detail?: Readonly<Record<string, unknown>>;
  };
};

const activities: readonly (readonly [RegExp, number])[] = [
  [/^(Create|Import|Invite|Issue|Put|Make|Upload|Add|Register|Ingest|Complete|Copy)/, 1],
  [/^(Get|List|Head|Read|Describe|Select|Search|Watch|Hear|Fetch|Query|Check|Explain)/, 2],
  [/^(Update|Rotate|Set|Enable|Disable|Patch|Replace|Change|Attach|Detach|Alter)/, 3],
  [/^(Delete|Revoke|Abort|Destroy|Remove|Cancel|End)/, 4],
];
const [otherActivity, success, failure, informational, low] = [99, 1, 2, 1, 2];

/** An audit record as an OCSF event. */
export function toOcsf(record: AuditRecord & { readonly gap?: boolean }): ApiActivity {
  const { operation, outcome, via, gap, log, offset, detail } = record;
  const activity = activities.find(([form]) => form.test(operation))?.[1] ?? otherActivity;
  const isGood = outcome === 'ok';
  return {
    class_uid: 6003,
    class_name: 'API Activity',
    category_uid: 6,
    category_name: 'Application Activity',
    activity_id: activity,
    type_uid: 600_300 + activity,
    time: record.at,
    severity_id: isGood ? informational : low,
    status_id: isGood ? (success as 1) : (failure as 2),
    status_code: outcome,
    count: record.count,
    metadata: { version: '1.4.0', product: { name: 'Gamut', vendor_name: 'Gamut' } },
    api: { operation, service: { name: record.service }, request: { uid: record.requestId } },
    actor: { user: { uid: record.principal, credential_uid: record.credential }, ...(via === undefined ? {} : { invoked_by: via }) },
    src_endpoint: { name: record.face },
    resources: [{ type: record.kind, name: record.name }],
    unmapped: {
      scope: record.scope,
      bytes: record.bytes,
      ...(gap ? { gap } : {}),
      ...(log === undefined ? {} : { log, offset: offset ?? '0' }),
      ...(detail === undefined ? {} : { detail }),
    },
  };
}

/** What is personal in a record: who acted, by what credential, what was said of it, and the name of a person acted on. */
export type Personal = {
  readonly uid: string;
  readonly credential: string;
  readonly name?: string;
  readonly detail?: Readonly<Record<string, unknown>>;
};

/** Kinds whose names are persons'. */
const personalKinds: ReadonlySet<string> = new Set(['Member', 'Session', 'Person']);

/** Takes what is personal out of an event. */
export function takePersonal(whole: ApiActivity): { readonly event: ApiActivity; readonly personal: Personal } {
  const { actor, resources, unmapped } = whole;
  const { detail, ...others } = unmapped;
  const [resource] = resources;
  const isPerson = resource !== undefined && personalKinds.has(resource.type);
  const personal: Personal = {
    uid: actor.user.uid,
    credential: actor.user.credential_uid,
    ...(isPerson ? { name: resource.name } : {}),
    ...(detail === undefined ? {} : { detail }),
  };
  const event: ApiActivity = {
    ...whole,
    actor: { ...actor, user: { uid: '', credential_uid: '' } },
    resources: isPerson ? [{ type: resource.type, name: '' }] : resources,
    unmapped: others,
  };
  return { event, personal };
}

/** Puts it back. */
export function withPersonal(event: ApiActivity, { uid, credential, name, detail }: Personal): ApiActivity {
  return {
    ...event,
    actor: { ...event.actor, user: { uid, credential_uid: credential } },
    resources: name === undefined ? event.resources : event.resources.map(({ type }) => ({ type, name })),
    unmapped: detail === undefined ? event.unmapped : { ...event.unmapped, detail },
  };
}
