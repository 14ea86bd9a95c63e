import { Type } from '../../contract/type.ts';
import type { Operation } from '../../contract/contract.ts';
import { Labels, PageInput } from '../../contract/crud.ts';
import {
  Certificate,
  closed,
  Credential,
  Faces,
  Id,
  Instant,
  itemInput,
  listOf,
  Mechanism,
  one,
  read,
  Role,
  Title,
  write,
} from '../schema.ts';
import { loginLengthMax } from '../../caller/limits.ts';
import { scramRoundsMax, scramRoundsMin } from '../limits.ts';

const Bytes = (text: string) => Type.String({ minLength: 1, maxLength: 1024, pattern: '^[A-Za-z0-9+/]+={0,2}$', description: text });
const Verifier = Type.Object(
  {
    mechanism: Mechanism,
    rounds: Type.Integer({ minimum: scramRoundsMin, maximum: scramRoundsMax }),
    salt: Bytes('Base64.'),
    storedKey: Bytes('RFC 5802, base64.'),
    serverKey: Bytes('RFC 5802, base64.'),
  },
  closed,
);

/** Credentials: made, imported, rotated, revoked. */
export const credentialOperations = {
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
        signatureV2: Type.Optional(
          Type.Boolean({ description: 'Let old S3 clients sign by Signature V2; its verifier is the secret itself.' }),
        ),
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
  AlterVerifiers: {
    ...write,
    on: 'Credential',
    at: 'new',
    repeat: 'natural',
    text: 'Let somebody log in by SCRAM whose password only they know, or no more: verifiers are put and dropped by mechanism.',
    quota: ['credentials'],
    emits: ['CredentialCreated', 'CredentialRevoked'],
    input: Type.Object(
      {
        login: Type.String({
          minLength: 1,
          maxLength: loginLengthMax,
          pattern: '^[^\\u0000-\\u001f\\u007f]+$',
          description: 'The name they log in by, unique on the platform. They act as the service account of this name.',
        }),
        put: Type.Optional(Type.Array(Verifier, { maxItems: 2 })),
        drop: Type.Optional(Type.Array(Mechanism, { maxItems: 2, description: 'The last one ends the credential.' })),
      },
      closed,
    ),
    output: Type.Object({ id: Id, login: Type.String() }),
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
    input: Type.Object(
      {
        ...PageInput.properties,
        verifiers: Type.Optional(Type.Boolean({ description: 'Only those of this environment that log in by verifiers and stand.' })),
      },
      closed,
    ),
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
} as const satisfies Record<string, Operation>;
