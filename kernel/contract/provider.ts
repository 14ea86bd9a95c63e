/** The values policy may look at: Cedar's records, sets, strings, longs and booleans. */
export type AttributeValue = string | number | bigint | boolean | readonly AttributeValue[] | { readonly [name: string]: AttributeValue };
export type Attributes = Readonly<Record<string, AttributeValue>>;

/**
 * What every resource is wrapped in. Times are milliseconds since 1970; `version` grows with every change, `generation`
 * with every change of spec.
 */
export type Envelope<Spec = unknown, Status = unknown> = {
  readonly uid: string;
  readonly name: string;
  readonly generation: number;
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAt: number;
  readonly spec: Spec;
  readonly status?: Status;
  readonly deleting?: number;
};

/** One step of a resource's history. `bookmark` carries a version only, so that a quiet watch can be taken up again. */
export type Change<Spec = unknown, Status = unknown> =
  | { readonly type: 'put' | 'deleted'; readonly version: string; readonly resource: Envelope<Spec, Status> }
  | { readonly type: 'bookmark'; readonly version: string };

/** Part of a collection, in order of name. `after` is the last name of the page before; `next` is absent on the last page. */
export type Page = { readonly after?: string; readonly limit: number; readonly prefix?: string };
export type Listed<Spec = unknown, Status = unknown> = {
  readonly items: readonly Envelope<Spec, Status>[];
  readonly next?: string;
  readonly version: string;
};

/** What policy lets a caller see of a kind. */
export type Filter = {
  /**
   * SQL that is true of the rows to be seen, over expressions of their name (text), attributes and labels (jsonb); its values
   * are parameters counted from `first`. Where it is not exact it lets more through, and each row is asked of `admits`.
   */
  sql(columns: { name: string; attributes: string; labels: string }, first: number): { text: string; values: string[]; isExact: boolean };
  admits(item: Pick<Envelope, 'name' | 'labels' | 'spec'>): boolean;
};

/** A wish about one resource; `ifVersion` makes it conditional ('0' = must not exist), answered by PreconditionFailed or Conflict. */
export type Put<Spec = unknown> = {
  readonly name: string;
  readonly spec: Spec;
  readonly labels?: Readonly<Record<string, string>>;
  readonly status?: unknown;
  readonly ifVersion?: string;
};

export type Placed = { readonly tenant: bigint; readonly scope: bigint };

/** What owns a kind of resource: the kernel over PostgreSQL, or a service over its own store. */
export interface Provider<Spec = unknown, Status = unknown> {
  /** Synchronous, for policy: undefined when there is no such resource. */
  attributes(scope: bigint, name: string): Attributes | undefined;
  get(at: Placed, name: string): Promise<Envelope<Spec, Status> | undefined>;
  /** With `filter` only what may be seen: pages are as full as there is more. */
  list(at: Placed, page: Page, filter?: Filter): Promise<Listed<Spec, Status>>;
  put(at: Placed, change: Put<Spec>): Promise<Envelope<Spec, Status>>;
  delete(at: Placed, name: string, ifVersion?: string): Promise<void>;
  watch(at: Placed, from: string, signal: AbortSignal): AsyncIterable<Change<Spec, Status>>;
}
