import { limit } from '../contract/limit.ts';

export const policyTextBytesMax = limit(65_536, 'byte', 'Longest text of one policy document handed to the policy engine.');
export const policyNestingMax = limit(64, 'level', 'Deepest nesting of brackets and conditionals in the text of one policy.');
export const policyOperatorMax = limit(1000, 'operator', 'Most operators and member accesses in the text of one policy.');
export const schemaTextBytesMax = limit(8_388_608, 'byte', 'Longest schema handed to the policy engine.');
export const expressionDepthMax = limit(500, 'level', 'Deepest nesting of an expression in a policy that is compiled.');
export const expressionNodeMax = limit(20_000, 'node', 'Most operators, literals and names in one policy that is compiled.');
export const valueDepthMax = limit(100, 'level', 'Deepest nesting of a value in a context, an entity or a literal.');
export const ancestorMax = limit(1000, 'entity', 'Most ancestors of one entity.');
export const actionIndexMax = limit(4096, 'action', 'Most actions for which one policy set keeps its policies gathered.');
export const specTypeDepthMax = limit(16, 'level', 'Deepest nesting of a resource spec that becomes attributes for policy.');
