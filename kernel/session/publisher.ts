import type { Identified } from '../caller/identified.ts';

/** The name under which recorder publishes the platform's events. */
export const publisherName = 'recorder';

/**
 * Recorder in its own name, in any environment: it has the role `publisher`, where a service has one. Keeper's signature
 * says which process asked for the token, so that no other can be it.
 */
export const isPublisher = ({ face, via, principal }: Pick<Identified, 'face' | 'via' | 'principal'>): boolean =>
  face === 'service' && via === 'recorder' && principal === publisherName;
