import type { ComponentType } from 'react';
import type { Kind } from './api/contract.ts';
import type { Thing } from './api/pages.ts';

/** What a service's own pages get of the thing they show. */
export type ThingProps = { readonly kind: Kind; readonly name: string; readonly thing: Thing };

/** A place inside the page of one thing; the first is shown at its bare address. */
export type ThingTab = { readonly path: string; readonly title: string; readonly page: ComponentType<ThingProps> };

/** A line that connects a client which the reader already has. */
export type ConnectLine = { readonly client: string; readonly text: string };

/** What a credential's secret parts are called in a client's line; placeholders where it is not at hand. */
export type ConnectFacts = {
  readonly bearer: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  readonly endpoint: string;
  readonly username: string;
  readonly password: string;
  readonly saslPassword: string;
  /** The 128-bit cluster id, in decimal. */
  readonly cluster: string;
  /** The secret key of the Stripe API. */
  readonly stripeKey: string;
};

/** A place of the service as a whole, at `-/<path>`; shown to who may call its operation. */
export type ServicePlace = {
  readonly path: string;
  readonly title: string;
  readonly page: ComponentType;
  readonly operation: string;
};

/** What a service adds to its derived pages; everything may be absent. */
export type ServicePages = {
  /** Why one wants a kind, by its plural, for a list that is empty. */
  readonly why?: Readonly<Record<string, string>>;
  /** Above the resources on the overview: the numbers that matter. */
  readonly overview?: ComponentType;
  /** Instruments of the service as a whole. */
  readonly places?: readonly ServicePlace[];
  /** Instruments by plural of the kind. */
  readonly tabs?: Readonly<Record<string, readonly ThingTab[]>>;
  /** Plurals of kinds in the order in which their pages stand; kinds that are not named come after. */
  readonly order?: readonly string[];
  /** In place of the list of a kind, by its plural, where its things are no resources. */
  readonly lists?: Readonly<Record<string, ComponentType>>;
  /** In place of the whole page of one such thing, by plural of the kind. */
  readonly things?: Readonly<Record<string, ComponentType<{ readonly name: string }>>>;
  /** Copy-paste lines for clients, by door. */
  readonly connect?: Readonly<Record<string, (facts: ConnectFacts) => readonly ConnectLine[]>>;
};
