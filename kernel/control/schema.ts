import type { TSchema } from 'typebox';
import { Type } from '../contract/type.ts';
import { envelope } from '../contract/crud.ts';
import { personal } from '../contract/label.ts';
import { latestInstantMs, sessionOriginDays } from './limits.ts';

export const closed = { additionalProperties: false } as const;
export const Id = Type.String({ minLength: 1, maxLength: 40, description: 'Id of 13 characters.' });
export const Title = Type.String({ minLength: 1, maxLength: 100, description: 'Name for people.' });
export const Role = Type.String({
  minLength: 1,
  maxLength: 64,
  pattern: '^[a-z][A-Za-z0-9]*$',
  description: 'A role: owner, admin, editor, reader, auditor, or one of a service.',
});
const Region = Type.String({ minLength: 1, maxLength: 40, pattern: '^[a-z0-9-]+$' });

export const Organization = Type.Object({
  title: Title,
  regions: Type.Array(Region, { maxItems: 64, description: 'Regions where data may lie; empty means any.' }),
  factors: Type.Optional(
    Type.Union([Type.Literal('optional'), Type.Literal('required')], {
      description: 'Whether people act here only after a second factor.',
    }),
  ),
});
const contact = { purpose: 'to reach members, and to know them when they sign in', keep: 'resource' } as const;
/** Who acted; in the log for as long as the log is, or until they are erased. */
const actor = { purpose: 'to account for what was done', keep: 'law' } as const;

/** A browser session of a person or credential that may act in the organization. */
export const SessionItem = Type.Object({
  name: Type.String(),
  principal: Type.String(),
  email: Type.Optional(personal(Type.String(), contact)),
  createdAt: Type.Integer(),
  seenAt: Type.Integer(),
  expiresAt: Type.Integer(),
  factor: Type.Boolean({ description: 'A second factor was proven.' }),
  byCredential: Type.Boolean(),
  address: personal(Type.String(), { purpose: 'to tell sessions apart, and strange ones', keep: sessionOriginDays }),
  agent: personal(Type.String(), { purpose: 'to tell sessions apart, and strange ones', keep: sessionOriginDays }),
});
export const Project = Type.Object({ title: Title });
export const Environment = Type.Object({
  title: Title,
  project: Id,
  kind: Type.Union([Type.Literal('live'), Type.Literal('test'), Type.Literal('sandbox')]),
});
export const Member = Type.Object({
  email: personal(Type.String({ format: 'email', maxLength: 254 }), contact),
  role: Role,
  invited: Type.Boolean(),
  person: Type.Optional(Type.String({ maxLength: 40, description: 'Who it is in policies and in the audit log.' })),
});
/** A program with a name: its principal, and the role it has. */
export const ServiceAccount = Type.Object({ title: Title, principal: Type.String(), role: Role, environment: Type.Optional(Id) });
export const Mechanism = Type.Union([Type.Literal('SCRAM-SHA-256'), Type.Literal('SCRAM-SHA-512')]);
export const Credential = Type.Object({
  principal: Type.String(),
  environment: Id,
  role: Role,
  title: Type.String(),
  expiresAt: Type.Optional(Type.Integer()),
  revokedAt: Type.Optional(Type.Integer()),
  rotatedAt: Type.Optional(Type.Integer()),
  overlapUntil: Type.Optional(Type.Integer()),
  login: Type.Optional(
    personal(Type.String({ description: 'The name it logs in by, where verifiers were brought instead of a secret.' }), contact),
  ),
  verifiers: Type.Optional(Type.Array(Type.Object({ mechanism: Mechanism, rounds: Type.Integer() }))),
});
/** One credential in all its faces. Secrets are shown once, when it is made or rotated. */
export const Faces = Type.Object({
  id: Id,
  bearer: Type.String(),
  s3: Type.Object({
    accessKeyId: Type.String(),
    secretAccessKey: Type.String(),
    region: Type.String(),
    endpoint: Type.Optional(Type.String()),
  }),
  basic: Type.Object({ username: Type.String(), password: Type.String() }),
  sasl: Type.Object({ username: Type.String(), password: Type.String() }),
  postgres: Type.Optional(
    Type.Object({ url: Type.String({ description: 'For PostgreSQL clients: the sasl face and the environment in one address.' }) }),
  ),
  ledger: Type.Object({ cluster: Type.String({ description: 'Cluster id of 128 bits in decimal, which stands for a password.' }) }),
  stripe: Type.Object({
    secretKey: Type.String({ description: 'For servers: sk_test_, sk_live_, or rk_ where the role is less than admin.' }),
    publishableKey: Type.String({ description: 'For pages; it reaches little.' }),
  }),
});
export const AuditRecord = Type.Object({
  sequence: Type.Integer(),
  at: Type.Integer(),
  service: Type.String(),
  operation: Type.String(),
  kind: Type.String(),
  name: Type.String(),
  principal: personal(Type.String(), actor),
  credential: Type.String(),
  scope: Type.String(),
  outcome: Type.String(),
  count: Type.Integer(),
  bytes: Type.Integer(),
  requestId: Type.String(),
  via: Type.Optional(Type.String()),
  gap: Type.Optional(Type.Boolean()),
  erased: Type.Optional(Type.Boolean({ description: 'Who acted was erased from the log.' })),
  unreadable: Type.Optional(Type.Boolean({ description: 'The key that sealed the record is disabled or destroyed.' })),
});
/** An OCSF event of class 6003. */
export const AuditEvent = Type.Object(
  {
    actor: Type.Optional(
      Type.Object(
        { user: Type.Object({ uid: Type.Optional(personal(Type.String(), actor)) }, { additionalProperties: true }) },
        { additionalProperties: true },
      ),
    ),
  },
  { additionalProperties: true },
);
const Hash = Type.String({ description: 'Base64.' });
/** A proof out of an audit log, which needs nothing but itself and the public key. */
export const AuditProof = Type.Object({
  log: Type.String(),
  checkpoint: Type.String({ description: 'The signed note.' }),
  size: Type.Integer(),
  inclusion: Type.Optional(Type.Object({ index: Type.Integer(), entry: Hash, path: Type.Array(Hash) })),
  consistency: Type.Optional(Type.Object({ from: Type.Integer(), root: Hash, path: Type.Array(Hash) })),
});
export const UsageRow = Type.Object({
  at: Type.Integer({ description: 'Start of the window, milliseconds since 1970.' }),
  service: Type.String(),
  meter: Type.String(),
  unit: Type.String(),
  value: Type.String({ description: 'An exact integer in decimal.' }),
  scope: Type.String(),
  dimension: Type.Optional(Type.String({ description: 'The value of the dimension asked for; empty where the usage has none.' })),
});
export const EventRow = Type.Object({
  sequence: Type.Integer(),
  specversion: Type.String(),
  id: Type.String(),
  source: Type.String(),
  type: Type.String(),
  time: Type.String(),
  subject: Type.String(),
  data: Type.Unknown(),
});
export const Certificate = Type.Object({
  certificatePem: Type.String(),
  keyPem: Type.String({ description: 'Shown once.' }),
  fingerprint: Type.String(),
  notAfter: Type.Integer(),
});
const everywhere = ['rest', 'cli', 'console'] as const;
export const itemInput = Type.Object({}, closed);
export const Instant = Type.Integer({ minimum: 0, maximum: latestInstantMs, description: 'Milliseconds since 1970.' });
export const timed = { from: Type.Optional(Instant), to: Type.Optional(Instant) };
export const listOf = (item: TSchema) =>
  Type.Object({ items: Type.Array(item), next: Type.Optional(Type.String()), version: Type.String() });
export const one = (spec: TSchema) => envelope(spec, Type.Object({}));
export const write = { effect: 'write', audit: 'before-reply', repeat: 'refuse', expose: everywhere } as const;
export const read = { effect: 'read', audit: 'window', repeat: 'natural', expose: everywhere } as const;
