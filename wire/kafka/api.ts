import type { Codec } from './codec.ts';
import { type Draft, range, type Shape, type Value, type Versions, within } from './field.ts';

/** One API: its key, the versions that are served, and both messages. */
export type Api<Q extends Shape = Shape, R extends Shape = Shape> = {
  readonly key: number;
  readonly name: string;
  readonly versions: Versions;
  readonly request: Codec<Q>;
  readonly response: Codec<R>;
};

/** What a request of an API is once read, and what its response is made of. */
export type RequestOf<A> = A extends Api<infer Q, Shape> ? Value<Q> : never;
export type ResponseOf<A> = A extends Api<Shape, infer R> ? Draft<Value<R>> : never;

export function api<Q extends Shape, R extends Shape>(
  key: number,
  name: string,
  versions: Versions,
  request: Codec<Q>,
  response: Codec<R>,
): Api<Q, R> {
  return { key, name, versions, request, response };
}

export const serves = ({ versions }: Pick<Api, 'versions'>, version: number): boolean => within(version, versions);

/** The version of a request's header: 2 has tagged fields. */
export const requestHeaderVersion = (of: Api, version: number): number => (within(version, of.request.flexible) ? 2 : 1);

/** KIP-511: the response to ApiVersions has header version 0 always, so that a client can read it whatever it asked. */
export const responseHeaderVersion = (of: Api, version: number): number => (of.key !== 18 && within(version, of.response.flexible) ? 1 : 0);

export const firstVersion = (of: Pick<Api, 'versions'>): number => range(of.versions)[0];
export const lastVersion = (of: Pick<Api, 'versions'>): number => range(of.versions)[1];
