/** One row of the table of operating errors. `status` is HTTP's; `retry` says whether the same request may succeed later. */
export type Fault = { readonly status: number; readonly retry: boolean; readonly text: string };

/** The kernel's operating errors. A contract adds its service's rows; each door maps a code once to its dialect. */
export const kernelFaults = {
  BadInput: { status: 400, retry: false, text: 'The request does not fit its schema.' },
  Unauthenticated: { status: 401, retry: false, text: 'No valid credential was presented.' },
  Expired: { status: 401, retry: false, text: 'The credential has expired.' },
  Denied: { status: 403, retry: false, text: 'No policy allows this operation on this resource.' },
  StepUp: { status: 403, retry: false, text: 'This needs a second factor; prove one in the console and repeat.' },
  CrossSite: { status: 403, retry: false, text: 'The request comes from another site or names a foreign host.' },
  Residency: { status: 403, retry: false, text: 'The tenant does not allow data in this region.' },
  NotFound: { status: 404, retry: false, text: 'There is no such resource.' },
  NoSuchOperation: { status: 404, retry: false, text: 'There is no such operation or path.' },
  MethodNotAllowed: { status: 405, retry: false, text: 'The path exists, but not for this method.' },
  Timeout: { status: 408, retry: true, text: 'The request did not arrive in time.' },
  Conflict: { status: 409, retry: false, text: 'The resource exists already or was changed by somebody else.' },
  RepeatConflict: { status: 409, retry: false, text: 'This idempotency key was used with another request.' },
  RepeatInFlight: { status: 409, retry: true, text: 'A request with this idempotency key is still running.' },
  Gone: { status: 410, retry: false, text: 'The history asked for is no longer kept; list again.' },
  PreconditionFailed: { status: 412, retry: false, text: 'The resource is not in the version that was named.' },
  TooLarge: { status: 413, retry: false, text: 'The request or its body is larger than the limit.' },
  UnsupportedMedia: { status: 415, retry: false, text: 'The body is in a media type this operation does not read.' },
  RepeatKeyMissing: { status: 400, retry: false, text: 'The operation needs an idempotency key.' },
  TooMany: { status: 429, retry: true, text: 'The rate allowed is used up; wait and repeat.' },
  QuotaExceeded: { status: 429, retry: false, text: 'The number allowed of this resource is reached.' },
  HeadersTooLarge: { status: 431, retry: false, text: 'The request head is larger than the limit.' },
  Internal: { status: 500, retry: true, text: 'The platform failed; the request id finds the reason in its log.' },
  NotImplemented: { status: 422, retry: false, text: 'The operation is known but not implemented.' },
  Unavailable: { status: 503, retry: true, text: 'A part that this operation needs is away; repeat later.' },
  Draining: { status: 503, retry: true, text: 'The process is shutting down; repeat against the platform.' },
  JournalFull: { status: 507, retry: true, text: 'The outbound journal is full; changes are refused until it is read.' },
  JournalFailed: {
    status: 503,
    retry: true,
    text: 'The outbound journal could not be synced to disk; the process accepts no more changes.',
  },
  JournalCorrupt: { status: 500, retry: false, text: 'The journal is damaged at the position named.' },
  JournalFormat: { status: 500, retry: false, text: 'The journal was written in a format this release cannot read.' },
  DiskFull: { status: 507, retry: true, text: 'The disk is full; changes are refused, reads, revokes and deletes go on.' },
  AuditLogBroken: { status: 500, retry: false, text: 'The audit log does not hold together at the position named.' },
  DataDirectory: { status: 500, retry: false, text: 'The data directory cannot be used.' },
  PolicyInvalid: { status: 400, retry: false, text: 'The policy does not parse or does not fit the schema.' },
  ContractInvalid: { status: 400, retry: false, text: 'The contract contradicts itself or narrows the last release.' },
  SeamUnsupported: { status: 400, retry: false, text: 'This seam has no implementation for such an address.' },
  Certificate: { status: 400, retry: false, text: 'The certificate cannot be read or is not of this platform.' },
  KeyUnavailable: { status: 503, retry: true, text: 'The key needed cannot be reached, or does not open what was sealed.' },
  KeyRefused: { status: 409, retry: false, text: 'The key is disabled or destroyed, or no key of this organization.' },
} as const satisfies Record<string, Fault>;

export type KernelFault = keyof typeof kernelFaults;

const table = new Map<string, Fault>(Object.entries(kernelFaults));

/** Adds a service's rows; a code that exists already with another meaning is a programmer's error. */
export function registerFaults(rows: Readonly<Record<string, Fault>>): void {
  for (const [code, row] of Object.entries(rows)) {
    const known = table.get(code);
    if (known && (known.status !== row.status || known.retry !== row.retry)) throw new TypeError(`fault ${code} is declared twice`);
    table.set(code, row);
  }
}

/** Every row known to this process, by code. */
export function faultTable(): ReadonlyMap<string, Fault> {
  return table;
}

/** What a fault may say beyond its row: where in the input (a JSON pointer), a sentence, how long to wait. */
export type FaultDetail = { path?: string; detail?: string; retryAfterMs?: number; cause?: unknown };

/** An operating error: something the caller or the world did, never a bug. Doors word it in their dialect. */
export class OperationError extends Error {
  override readonly name = 'OperationError';
  readonly code: string;
  readonly status: number;
  readonly retry: boolean;
  readonly path: string | undefined;
  readonly detail: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: string, row: Fault, more: FaultDetail) {
    super(more.detail ? `${row.text} ${more.detail}` : row.text, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = code;
    this.status = row.status;
    this.retry = row.retry;
    this.path = more.path;
    this.detail = more.detail;
    this.retryAfterMs = more.retryAfterMs;
  }
}

/** Builds the operating error of a table row; `throw fault('NotFound', 'bucket photos')`. An unknown code is a programmer's error. */
export function fault(code: string, detail?: string | FaultDetail): OperationError {
  const row = table.get(code);
  if (!row) throw new TypeError(`no fault is called ${code}`);
  return new OperationError(code, row, typeof detail === 'string' ? { detail } : (detail ?? {}));
}
