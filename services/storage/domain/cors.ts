import type { Static } from 'typebox';
import type { configurations } from '../contract/configuration.ts';
import { like } from './policy/condition.ts';

/** What pages of some sites may do. */
export type CorsRule = Static<(typeof configurations)['cors']>['rules'][number];

/** The first rule that lets a site use a method with the headers it asks for. */
export function matchingRule(rules: readonly CorsRule[], origin: string, method: string, asked: readonly string[]): CorsRule | undefined {
  return rules.find(
    ({ allowedOrigins, allowedMethods, allowedHeaders = [] }) =>
      allowedOrigins.some((pattern) => like(pattern, origin)) &&
      allowedMethods.some((one) => one === method) &&
      asked.every((name) => allowedHeaders.some((pattern) => like(pattern.toLowerCase(), name.toLowerCase()))),
  );
}
