import Type from 'typebox';
import { envelope, Labels, Name, PageInput } from '../contract/crud.ts';
import { defineService } from '../contract/contract.ts';
import { credentialsMax, eventsPerIngestMax, latestInstantMs, projectsMax } from './limits.ts';

const closed = { additionalProperties: false } as const;
const Id = Type.String({ minLength: 1, maxLength: 40, description: 'Id of 13 characters.' });
const Title = Type.String({ minLength: 1, maxLength: 100, description: 'Name for people.' });
const Role = Type.String({
  minLength: 1,
  maxLength: 64,
  pattern: '^[a-z][A-Za-z0-9]*$',
  description: 'A role: owner, admin, editor, reader, auditor, or one of a service.',
});
const Region = Type.String({ minLength: 1, maxLength: 40, pattern: '^[a-z0-9-]+$' });

export const Organization = Type.Object({
  title: Title,
  regions: Type.Array(Region, { maxItems: 64, description: 'Regions where data may lie; empty means any.' }),
});
export const Project = Type.Object({ title: Title });
export const Environment = Type.Object({
  title: Title,
  project: Id,
  kind: Type.Union([Type.Literal('live'), Type.Literal('test'), Type.Literal('sandbox')]),
});
export const Member = Type.Object({ email: Type.String({ format: 'email', maxLength: 254 }), role: Role, invited: Type.Boolean() });
export const Credential = Type.Object({
  principal: Type.String(),
  environment: Id,
  role: Role,
  title: Type.String(),
  expiresAt: Type.Optional(Type.Integer()),
  revokedAt: Type.Optional(Type.Integer()),
  rotatedAt: Type.Optional(Type.Integer()),
  overlapUntil: Type.Optional(Type.Integer()),
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
});
const AuditRecord = Type.Object({
  sequence: Type.Integer(),
  at: Type.Integer(),
  service: Type.String(),
  operation: Type.String(),
  kind: Type.String(),
  name: Type.String(),
  principal: Type.String(),
  credential: Type.String(),
  scope: Type.String(),
  outcome: Type.String(),
  count: Type.Integer(),
  bytes: Type.Integer(),
  requestId: Type.String(),
  via: Type.Optional(Type.String()),
  gap: Type.Optional(Type.Boolean()),
});
const UsageRow = Type.Object({
  at: Type.Integer({ description: 'Start of the window, milliseconds since 1970.' }),
  service: Type.String(),
  meter: Type.String(),
  unit: Type.String(),
  value: Type.String({ description: 'An exact integer in decimal.' }),
  scope: Type.String(),
});
const EventRow = Type.Object({
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
const itemInput = Type.Object({}, closed);
const Instant = Type.Integer({ minimum: 0, maximum: latestInstantMs, description: 'Milliseconds since 1970.' });
const timed = { from: Type.Optional(Instant), to: Type.Optional(Instant) };
const listOf = (item: Type.TSchema) => Type.Object({ items: Type.Array(item), next: Type.Optional(Type.String()), version: Type.String() });
const one = (spec: Type.TSchema) => envelope(spec, Type.Object({}));
const write = { effect: 'write', audit: 'before-reply', repeat: 'refuse', expose: everywhere } as const;
const read = { effect: 'read', audit: 'window', repeat: 'natural', expose: everywhere } as const;

/** The platform's own directory, served by control: organizations, projects, environments, members, credentials, audit, usage. */
export const platform = defineService({
  name: 'platform',
  title: 'Platform',
  text: 'Organizations, projects, environments, members, credentials, audit, usage and events.',
  version: 1,
  resources: {
    Organization: {
      of: 'platform',
      text: 'A tenant: the unit of isolation, keys, residency and bill.',
      spec: Organization,
      owner: 'service',
      columns: ['title'],
    },
    Project: { of: 'tenant', text: 'A namespace for environments.', spec: Project, owner: 'service', columns: ['title'] },
    Environment: {
      of: 'tenant',
      text: 'A scope: live, test or a sandbox. What S3 and Stripe call an account.',
      spec: Environment,
      owner: 'service',
      columns: ['title', 'kind', 'project'],
    },
    Member: { of: 'tenant', text: 'A person and the role they have here.', spec: Member, owner: 'service', columns: ['email', 'role'] },
    Credential: {
      of: 'tenant',
      text: 'One credential with a face for every protocol.',
      spec: Credential,
      owner: 'service',
      columns: ['principal', 'role', 'environment'],
    },
    Audit: { of: 'tenant', text: 'What was done, by whom.', plural: 'audit', spec: Type.Object({}), owner: 'service' },
    Usage: { of: 'tenant', text: 'What was used.', plural: 'usage', spec: Type.Object({}), owner: 'service' },
    Event: { of: 'tenant', text: 'What happened, as CloudEvents.', spec: Type.Object({}), owner: 'service' },
    Health: { of: 'platform', text: 'The processes of this platform.', plural: 'health', spec: Type.Object({}), owner: 'service' },
  },
  meters: { events: { unit: 'event', kind: 'sum', text: 'Usage events taken in.' } },
  quotas: {
    organizations: { kind: 'rate', unit: 'call', perSecond: 50, burst: 200, text: 'Changes of the directory.' },
    projects: { kind: 'count', of: 'Project', limit: projectsMax, text: 'Projects of one organization.' },
    credentials: { kind: 'count', of: 'Credential', limit: credentialsMax, text: 'Credentials of one organization that are not revoked.' },
    ingest: { kind: 'rate', unit: 'call', perSecond: 2000, burst: 4000, text: 'Batches of usage events.' },
  },
  events: {
    CredentialCreated: { data: Type.Object({ credential: Id }), text: 'A credential was made.' },
    CredentialRevoked: { data: Type.Object({ credential: Id }), text: 'A credential was revoked.' },
    MemberInvited: { data: Type.Object({ member: Id }), text: 'A person was invited.' },
  },
  errors: {},
  needs: { sql: { seam: 'sql', scope: 'caller', optional: false }, mail: { seam: 'mail', scope: 'service', optional: true } },
  doors: {
    rest: {
      protocol: 'http',
      port: 8080,
      faces: ['bearer', 'basic', 'session', 'certificate', 'service'],
      anonymous: 'never',
      text: 'REST, OpenAPI and the console.',
    },
  },
  operations: {
    CreateOrganization: {
      ...write,
      on: 'Organization',
      at: 'new',
      text: 'Make an organization with its first project and environments.',
      quota: ['organizations'],
      input: Type.Object(
        { name: Type.Optional(Name), title: Type.Optional(Title), regions: Type.Optional(Organization.properties.regions) },
        closed,
      ),
      output: one(Organization),
    },
    GetOrganization: { ...read, on: 'Organization', text: 'Read an organization.', input: itemInput, output: one(Organization) },
    ListOrganizations: {
      ...read,
      on: 'Organization',
      at: 'collection',
      text: 'List the organizations you may see.',
      input: PageInput,
      output: listOf(one(Organization)),
    },
    UpdateOrganization: {
      ...write,
      on: 'Organization',
      repeat: 'natural',
      text: 'Change the title or the allowed regions.',
      input: Type.Object({ title: Type.Optional(Title), regions: Type.Optional(Organization.properties.regions) }, closed),
      output: one(Organization),
    },
    CreateProject: {
      ...write,
      on: 'Project',
      at: 'new',
      text: 'Make a project with a live and a test environment.',
      quota: ['projects'],
      input: Type.Object({ name: Type.Optional(Name), title: Type.Optional(Title) }, closed),
      output: one(Project),
    },
    GetProject: { ...read, on: 'Project', text: 'Read a project.', input: itemInput, output: one(Project) },
    ListProjects: { ...read, on: 'Project', at: 'collection', text: 'List projects.', input: PageInput, output: listOf(one(Project)) },
    CreateEnvironment: {
      ...write,
      on: 'Environment',
      at: 'new',
      text: 'Make an environment of a project.',
      input: Type.Object(
        { name: Type.Optional(Name), title: Type.Optional(Title), project: Id, kind: Type.Optional(Environment.properties.kind) },
        closed,
      ),
      output: one(Environment),
    },
    GetEnvironment: { ...read, on: 'Environment', text: 'Read an environment.', input: itemInput, output: one(Environment) },
    ListEnvironments: {
      ...read,
      on: 'Environment',
      at: 'collection',
      text: 'List environments.',
      input: PageInput,
      output: listOf(one(Environment)),
    },
    InviteMember: {
      ...write,
      on: 'Member',
      at: 'new',
      text: 'Invite a person by e-mail.',
      emits: ['MemberInvited'],
      input: Type.Object({ email: Member.properties.email, role: Role }, closed),
      output: one(Member),
    },
    ListMembers: { ...read, on: 'Member', at: 'collection', text: 'List members.', input: PageInput, output: listOf(one(Member)) },
    UpdateMember: {
      ...write,
      on: 'Member',
      repeat: 'natural',
      text: 'Change the role of a member.',
      input: Type.Object({ role: Role }, closed),
      output: one(Member),
    },
    DeleteMember: {
      ...write,
      on: 'Member',
      repeat: 'natural',
      essential: true,
      text: 'Take a member out; their sessions end.',
      input: itemInput,
      output: Type.Object({}),
    },
    CreateCredential: {
      ...write,
      on: 'Credential',
      at: 'new',
      text: 'Make a credential; its secrets are shown once.',
      quota: ['credentials'],
      emits: ['CredentialCreated'],
      input: Type.Object(
        {
          title: Type.Optional(Title),
          project: Type.Optional(Id),
          environment: Type.Optional(Type.String({ maxLength: 100, description: 'live, test, a name or an id.' })),
          role: Type.Optional(Role),
          principal: Type.Optional(Type.String({ maxLength: 200, description: 'Who it acts as; a new service account if not said.' })),
          expiresAt: Type.Optional(Instant),
          labels: Type.Optional(Labels),
        },
        closed,
      ),
      output: Faces,
    },
    ImportCredential: {
      ...write,
      on: 'Credential',
      at: 'new',
      text: 'Take over an S3 key pair that clients already hold.',
      quota: ['credentials'],
      emits: ['CredentialCreated'],
      input: Type.Object(
        {
          title: Type.Optional(Title),
          environment: Type.Optional(Type.String({ maxLength: 100 })),
          project: Type.Optional(Id),
          role: Type.Optional(Role),
          accessKeyId: Type.String({ minLength: 3, maxLength: 128, pattern: '^[A-Za-z0-9_.-]+$' }),
          secretAccessKey: Type.String({ minLength: 8, maxLength: 256 }),
        },
        closed,
      ),
      output: Type.Object({ id: Id, s3: Type.Object({ accessKeyId: Type.String() }) }),
    },
    GetCredential: {
      ...read,
      on: 'Credential',
      text: 'Read a credential, without its secrets.',
      input: itemInput,
      output: one(Credential),
    },
    ListCredentials: {
      ...read,
      on: 'Credential',
      at: 'collection',
      text: 'List credentials, without their secrets.',
      input: PageInput,
      output: listOf(one(Credential)),
    },
    RotateCredential: {
      ...write,
      on: 'Credential',
      text: 'Give new secrets; the old ones work until the overlap ends.',
      input: Type.Object({ overlapMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 604_800_000 })) }, closed),
      output: Faces,
    },
    RevokeCredential: {
      ...write,
      on: 'Credential',
      repeat: 'natural',
      essential: true,
      text: 'End a credential and every connection that uses it.',
      emits: ['CredentialRevoked'],
      input: itemInput,
      output: Type.Object({}),
    },
    IssueCertificate: {
      ...write,
      on: 'Credential',
      text: 'Issue a client certificate that is this credential at TLS doors.',
      input: itemInput,
      output: Certificate,
    },
    ListAudit: {
      ...read,
      on: 'Audit',
      at: 'collection',
      text: 'Read the audit log, newest first.',
      input: Type.Object(
        {
          ...timed,
          before: Type.Optional(Type.Integer({ minimum: 0, description: 'Only records before this sequence.' })),
          limit: PageInput.properties.limit,
          operation: Type.Optional(Type.String({ maxLength: 100 })),
          service: Type.Optional(Type.String({ maxLength: 40 })),
          resource: Type.Optional(Type.String({ maxLength: 1024 })),
        },
        closed,
      ),
      output: Type.Object({ items: Type.Array(AuditRecord), next: Type.Optional(Type.Integer()) }),
    },
    ListUsage: {
      ...read,
      on: 'Usage',
      at: 'collection',
      text: 'Read what was used, by meter and window.',
      input: Type.Object(
        {
          ...timed,
          window: Type.Optional(Type.Union([Type.Literal('minute'), Type.Literal('hour'), Type.Literal('day')])),
          meter: Type.Optional(Type.String({ maxLength: 64 })),
          service: Type.Optional(Type.String({ maxLength: 40 })),
        },
        closed,
      ),
      output: Type.Object({ items: Type.Array(UsageRow) }),
    },
    IngestUsage: {
      ...write,
      on: 'Usage',
      at: 'collection',
      text: 'Take in usage as CloudEvents; the same source and id counts once.',
      repeat: 'natural',
      quota: ['ingest'],
      charge: ['events'],
      input: Type.Object(
        {
          events: Type.Array(
            Type.Object(
              {
                specversion: Type.Literal('1.0'),
                id: Type.String({ minLength: 1, maxLength: 128 }),
                source: Type.String({ minLength: 1, maxLength: 256 }),
                type: Type.String({ minLength: 1, maxLength: 128 }),
                time: Type.Optional(Type.String({ format: 'date-time' })),
                data: Type.Object(
                  {
                    meter: Type.String({ pattern: '^[a-z][A-Za-z0-9]{0,62}$' }),
                    value: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
                  },
                  closed,
                ),
              },
              closed,
            ),
            { minItems: 1, maxItems: eventsPerIngestMax },
          ),
        },
        closed,
      ),
      output: Type.Object({ accepted: Type.Integer() }),
    },
    ListEvents: {
      ...read,
      on: 'Event',
      at: 'collection',
      text: 'Read the event stream, newest first.',
      input: Type.Object(
        {
          before: Type.Optional(Type.Integer({ minimum: 0 })),
          limit: PageInput.properties.limit,
          type: Type.Optional(Type.String({ maxLength: 200 })),
        },
        closed,
      ),
      output: Type.Object({ items: Type.Array(EventRow), next: Type.Optional(Type.Integer()) }),
    },
    GetHealth: {
      ...read,
      on: 'Health',
      at: 'collection',
      text: 'The state of every process and how full the disk is.',
      input: itemInput,
      output: Type.Object({
        processes: Type.Array(
          Type.Object({
            name: Type.String(),
            state: Type.String(),
            pid: Type.Union([Type.Integer(), Type.Null()]),
            restarts: Type.Integer(),
            since: Type.Integer(),
          }),
        ),
        diskFreeBytes: Type.Integer(),
        diskReserveBytes: Type.Integer(),
        region: Type.String(),
      }),
    },
  },
  roles: {
    auditor: ['ListAudit', 'GetOrganization', 'ListMembers', 'ListCredentials', 'GetCredential', 'ListEvents', 'ListUsage'],
    reader: [
      'GetOrganization',
      'ListOrganizations',
      'GetProject',
      'ListProjects',
      'GetEnvironment',
      'ListEnvironments',
      'ListUsage',
      'ListEvents',
      'GetHealth',
    ],
    editor: ['reader', 'IngestUsage'],
    admin: [
      'editor',
      'auditor',
      'CreateProject',
      'CreateEnvironment',
      'InviteMember',
      'UpdateMember',
      'DeleteMember',
      'CreateCredential',
      'ImportCredential',
      'RotateCredential',
      'RevokeCredential',
      'IssueCertificate',
    ],
    owner: ['admin', 'UpdateOrganization'],
    operator: ['owner', 'CreateOrganization'],
  },
});
