import { Type } from '../../contract/type.ts';
import { PageInput } from '../../contract/crud.ts';
import { AuditEvent, AuditProof, AuditRecord, closed, itemInput, read, timed, write } from '../schema.ts';

/** What can be asked of the audit log. */
export const auditOperations = {
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
  ExportAudit: {
    ...read,
    on: 'Audit',
    at: 'collection',
    text: 'Read the audit log as OCSF API Activity events, oldest first.',
    input: Type.Object(
      {
        after: Type.Optional(Type.Integer({ minimum: 0, description: 'Only records after this sequence.' })),
        limit: PageInput.properties.limit,
      },
      closed,
    ),
    output: Type.Object({
      items: Type.Array(
        Type.Object({
          sequence: Type.Integer(),
          event: Type.Union([AuditEvent, Type.Null()], {
            description: 'An OCSF event of class 6003; null where the key that sealed it is gone.',
          }),
        }),
      ),
      next: Type.Optional(Type.Integer()),
    }),
  },
  EraseAuditSubject: {
    ...write,
    on: 'Audit',
    at: 'collection',
    repeat: 'natural',
    essential: true,
    text: 'Erase who a principal is from every audit record, for ever: the records and all proofs stay.',
    input: Type.Object({ principal: Type.String({ minLength: 1, maxLength: 200 }) }, closed),
    output: Type.Object({}),
  },
  GetAuditLog: {
    ...read,
    on: 'Audit',
    at: 'collection',
    text: 'The Merkle log of this organization: its name, its checkpoint, and the public keys that verify it.',
    input: itemInput,
    output: Type.Object({
      log: Type.String(),
      size: Type.Integer(),
      checkpoint: Type.String({ description: 'The signed note; empty before the first.' }),
      verifiers: Type.Array(Type.String(), { description: 'Verifier lines of signed notes: Ed25519, then ML-DSA-44.' }),
    }),
  },
  ReadAuditLog: {
    ...read,
    on: 'Audit',
    body: 'out',
    text: 'Read a file of the Merkle log of this name: its checkpoint or a tile (C2SP tlog-tiles). `root` is the log of all checkpoints.',
    input: Type.Object(
      { path: Type.String({ maxLength: 200, description: 'checkpoint, tile/L/N[.p/W] or tile/entries/N[.p/W].' }) },
      closed,
    ),
    output: Type.Object({ path: Type.String() }),
  },
  ProveAudit: {
    ...read,
    on: 'Audit',
    text: 'Prove that a record is in the log of this name, and that the log of fewer records is the beginning of it.',
    input: Type.Object(
      {
        sequence: Type.Optional(Type.Integer({ minimum: 1, description: 'The record to prove.' })),
        from: Type.Optional(Type.Integer({ minimum: 0, description: 'An earlier number of records.' })),
      },
      closed,
    ),
    output: AuditProof,
  },
} as const;
