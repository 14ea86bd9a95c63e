import { Type } from '../../contract/type.ts';
import type { Operation } from '../../contract/contract.ts';
import { Labels, PageInput } from '../../contract/crud.ts';
import { Certificate, closed, Credential, Faces, Id, Instant, itemInput, listOf, one, read, Role, Title, write } from '../schema.ts';

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
} as const satisfies Record<string, Operation>;
