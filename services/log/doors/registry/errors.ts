import type { OperationError } from '#kernel/contract/fault.ts';

/** Confluent's error codes for rows of the fault tables: HTTP's status, and two digits that say more. */
const codes: Readonly<Record<string, readonly [status: number, code: number]>> = {
  Unauthenticated: [401, 40101],
  Expired: [401, 40101],
  Denied: [403, 40301],
  NoSuchOperation: [404, 404],
  MethodNotAllowed: [405, 405],
  UnsupportedMedia: [415, 415],
  TooMany: [429, 42901],
  QuotaExceeded: [422, 42205],
  NoSuchSubject: [404, 40401],
  NoSuchVersion: [404, 40402],
  NoSuchSchema: [404, 40403],
  SubjectSoftDeleted: [404, 40404],
  SubjectNotSoftDeleted: [404, 40405],
  VersionSoftDeleted: [404, 40406],
  VersionNotSoftDeleted: [404, 40407],
  SchemaInvalid: [422, 42201],
  VersionInvalid: [422, 42202],
  ModeForbids: [422, 42205],
  ReferenceExists: [422, 42206],
  SchemaIdTaken: [422, 42207],
  SubjectInvalid: [422, 42208],
  TooLarge: [422, 42209],
  SchemaIncompatible: [409, 409],
  BadInput: [422, 422],
  NotImplemented: [501, 50101],
};

export type Worded = { readonly status: number; readonly body: { readonly error_code: number; readonly message: string } };

/** An operating error in the registry's words. */
export function wordError({ code, status, detail, message }: OperationError): Worded {
  const [told, errorCode] = codes[code] ?? (status >= 500 ? [status, 50001] : [status, status]);
  return { status: told, body: { error_code: errorCode, message: detail ?? message } };
}

/** An answer that no row of the tables has, in the registry's own words. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: number;

  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}
