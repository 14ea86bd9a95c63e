import { Type } from '../../contract/type.ts';
import type { Operation } from '../../contract/contract.ts';
import { closed, Role, write } from '../schema.ts';
import { roleSessionSecondsMax, sessionSecondsMax, temporarySecondsMin } from '../sts/limits.ts';

/** A temporary S3 key pair with the token it has to come with. */
const Temporary = Type.Object({
  accessKeyId: Type.String(),
  secretAccessKey: Type.String(),
  sessionToken: Type.String(),
  expiresAt: Type.Integer(),
  principal: Type.String(),
});

const seconds = (maximum: number) =>
  Type.Optional(Type.Integer({ minimum: temporarySecondsMin, maximum, description: 'How long it works, in seconds.' }));
const made = { ...write, on: 'Credential', at: 'collection', quota: ['credentials'], emits: ['CredentialCreated'] } as const;

/** Temporary credentials, which are derived from the caller's and end with it. */
export const stsOperations = {
  AssumeRole: {
    ...made,
    text: 'Make a temporary credential with a role that is no more than yours.',
    input: Type.Object(
      {
        role: Role,
        sessionName: Type.String({ minLength: 2, maxLength: 64, pattern: '^[A-Za-z0-9_=,.@-]+$' }),
        durationSeconds: seconds(roleSessionSecondsMax),
      },
      closed,
    ),
    output: Temporary,
  },
  GetSessionToken: {
    ...made,
    text: 'Make a temporary credential that may do what yours may.',
    input: Type.Object({ durationSeconds: seconds(sessionSecondsMax) }, closed),
    output: Temporary,
  },
} as const satisfies Record<string, Operation>;
