import { Type } from '#kernel/contract/type.ts';
import type { Operation } from '#kernel/contract/contract.ts';
import { envelope, PageInput } from '#kernel/contract/crud.ts';
import { schemaReferencesMax, schemaTextMax, subjectNameMax, subjectVersionsMax } from './limits.ts';

const closed = { additionalProperties: false } as const;
const everywhere = ['rest', 'cli', 'console'] as const;
const word = <const T extends readonly string[]>(values: T, description: string) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: values, description });

const SchemaTypeName = word(['AVRO', 'JSON', 'PROTOBUF'], 'Language of the schema; AVRO when absent.');
const Level = word(
  ['NONE', 'BACKWARD', 'BACKWARD_TRANSITIVE', 'FORWARD', 'FORWARD_TRANSITIVE', 'FULL', 'FULL_TRANSITIVE'],
  'What a new version must be able to do: read what the last one (or all) wrote, be read by it, or both.',
);
const Mode = word(
  ['READWRITE', 'READONLY', 'READONLY_OVERRIDE', 'IMPORT'],
  'Whether schemas may be registered, or imported with their ids.',
);
const Version = Type.Integer({ minimum: 1, description: 'Number of a version of a subject.' });
const SchemaId = Type.Integer({ minimum: 1, description: 'Number of a schema, unique in its environment.' });
const Reference = Type.Object(
  {
    name: Type.String({ maxLength: 1000, description: 'How the schema names the other one.' }),
    subject: Type.String({ maxLength: subjectNameMax }),
    version: Type.Integer({ minimum: -1, description: 'Version of that subject; -1 for its latest.' }),
  },
  closed,
);
const References = Type.Array(Reference, { maxItems: schemaReferencesMax, description: 'Schemas that this one names.' });
const schemaIn = {
  schema: Type.String({ minLength: 1, maxLength: schemaTextMax, description: 'Text of the schema.' }),
  schemaType: Type.Optional(SchemaTypeName),
  references: Type.Optional(References),
  normalize: Type.Optional(Type.Boolean({ description: 'Take the schema without what has no meaning, such as an order of attributes.' })),
};
const Deleted = Type.Optional(Type.Boolean({ description: 'Show what was deleted, but not for good, as well.' }));
const Serialized = Type.Optional(Type.Boolean({ description: 'Protobuf as base64 of its descriptor.' }));
const VersionName = Type.String({ pattern: '^(latest|-1|[0-9]{1,9})$', description: 'Number of a version, or latest.' });

const SubjectVersion = Type.Object({
  subject: Type.String(),
  id: SchemaId,
  version: Version,
  schemaType: SchemaTypeName,
  schema: Type.String(),
  references: Type.Array(Reference),
});
const Settings = Type.Object({
  compatibility: Type.Optional(Level),
  normalize: Type.Optional(Type.Boolean()),
  mode: Type.Optional(Mode),
});

/** A subject is made by its first version. */
export const SubjectSpec = Settings;
export const SubjectStatus = Type.Object({
  schemaType: SchemaTypeName,
  versions: Type.Array(Type.Object({ version: Version, id: SchemaId, deleted: Type.Boolean() }), { maxItems: subjectVersionsMax }),
});
const Subject = envelope(SubjectSpec, SubjectStatus);

export const SchemaSpec = Type.Object({ schemaType: SchemaTypeName, schema: Type.String(), references: Type.Array(Reference) });
export const SchemaStatus = Type.Object({
  maxId: SchemaId,
  subjects: Type.Array(Type.Object({ subject: Type.String(), version: Version, deleted: Type.Boolean() })),
});
const Schema = envelope(SchemaSpec, SchemaStatus);

const ChangeSettings = Type.Object(
  {
    compatibility: Type.Optional(Type.Union([Level, Type.Null()])),
    normalize: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
    mode: Type.Optional(Type.Union([Mode, Type.Null()])),
    force: Type.Optional(Type.Boolean({ description: 'Import although schemas are there already.' })),
  },
  closed,
);

const page = (item: ReturnType<typeof envelope>) =>
  Type.Object({ items: Type.Array(item), next: Type.Optional(Type.String()), version: Type.String() });
const read = { on: 'Subject', effect: 'read', audit: 'window', repeat: 'natural', expose: everywhere } as const;
const manage = { on: 'Subject', effect: 'write', audit: 'before-reply', repeat: 'natural', expose: everywhere } as const;
const unknown = ['NoSuchSubject', 'NoSuchVersion', 'VersionInvalid'] as const;

/** The operations of the schema registry, as its own door, REST and the command line reach them. */
export const registryOperations = {
  ListSubjects: {
    ...read,
    at: 'collection',
    text: 'List subjects in order of name.',
    input: Type.Object({ ...PageInput.properties, deleted: Deleted }, closed),
    output: page(Subject as never),
  },
  GetSubject: {
    ...read,
    text: 'Read a subject: its versions and its own settings.',
    errors: ['NoSuchSubject'],
    input: Type.Object({ deleted: Deleted }, closed),
    output: Subject,
  },
  GetSubjectVersion: {
    ...read,
    text: 'Read a version of a subject.',
    errors: unknown,
    input: Type.Object({ version: VersionName, deleted: Deleted, serialized: Serialized }, closed),
    output: SubjectVersion,
  },
  ListReferrers: {
    ...read,
    text: 'List the ids of the schemas that name a version of a subject.',
    errors: unknown,
    input: Type.Object({ version: VersionName }, closed),
    output: Type.Object({ ids: Type.Array(SchemaId) }),
  },
  LookupSchema: {
    ...read,
    text: 'Find the version of a subject that a schema is.',
    errors: ['NoSuchSubject', 'NoSuchSchema', 'SchemaInvalid'],
    input: Type.Object({ ...schemaIn, deleted: Deleted }, closed),
    output: SubjectVersion,
  },
  CheckCompatibility: {
    ...read,
    text: 'Say whether a schema may follow a version of a subject, or all that its level asks for.',
    errors: [...unknown, 'SchemaInvalid'],
    input: Type.Object({ ...schemaIn, version: Type.Optional(VersionName) }, closed),
    output: Type.Object({ compatible: Type.Boolean(), messages: Type.Array(Type.String()) }),
  },
  RegisterSchema: {
    ...manage,
    text: 'Make a schema the next version of a subject; one that it has already is answered.',
    quota: ['subjects'],
    errors: ['SchemaInvalid', 'SchemaIncompatible', 'SubjectInvalid', 'ModeForbids', 'SchemaIdTaken'],
    emits: ['SchemaRegistered'],
    input: Type.Object({ ...schemaIn, id: Type.Optional(SchemaId), version: Type.Optional(Version) }, closed),
    output: SubjectVersion,
  },
  DeleteSubject: {
    ...manage,
    essential: true,
    text: 'Delete a subject with its versions; for good once it was deleted before.',
    errors: ['NoSuchSubject', 'SubjectSoftDeleted', 'SubjectNotSoftDeleted', 'ReferenceExists', 'ModeForbids'],
    input: Type.Object({ permanent: Type.Optional(Type.Boolean({ description: 'For good.' })) }, closed),
    output: Type.Object({ versions: Type.Array(Version) }),
  },
  DeleteSubjectVersion: {
    ...manage,
    essential: true,
    text: 'Delete a version of a subject; for good once it was deleted before.',
    errors: [...unknown, 'VersionSoftDeleted', 'VersionNotSoftDeleted', 'ReferenceExists', 'ModeForbids'],
    input: Type.Object({ version: VersionName, permanent: Type.Optional(Type.Boolean({ description: 'For good.' })) }, closed),
    output: Type.Object({ version: Version }),
  },
  DescribeRegistry: {
    ...read,
    at: 'collection',
    text: 'Read what holds for subjects without settings of their own.',
    input: Type.Object({}, closed),
    output: Type.Object({ compatibility: Level, normalize: Type.Boolean(), mode: Mode }),
  },
  DescribeSubjectSettings: {
    ...read,
    text: 'Read the settings that a subject has of its own.',
    input: Type.Object({}, closed),
    output: Settings,
  },
  ConfigureRegistry: {
    ...manage,
    at: 'collection',
    text: 'Set what holds for subjects without settings of their own; null takes a setting back.',
    errors: ['ModeForbids'],
    input: ChangeSettings,
    output: Settings,
  },
  ConfigureSubject: {
    ...manage,
    text: 'Set what holds for a subject; null takes a setting back.',
    errors: ['ModeForbids', 'SubjectInvalid'],
    input: ChangeSettings,
    output: Settings,
  },
  ListSchemas: {
    ...read,
    on: 'Schema',
    at: 'collection',
    text: 'List schemas in order of id.',
    input: PageInput,
    output: page(Schema as never),
  },
  GetSchema: {
    ...read,
    on: 'Schema',
    text: 'Read a schema by its id.',
    errors: ['NoSuchSchema'],
    input: Type.Object({ serialized: Serialized }, closed),
    output: Schema,
  },
} as const satisfies Record<string, Operation>;
