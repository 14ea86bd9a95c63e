import { limit } from '../contract/limit.ts';

export const policyTextBytesMax = limit(65_536, 'byte', 'Longest text of one policy.');
export const policyDocumentBytesMax = limit(1_048_576, 'byte', 'Longest text of several policies handed to the policy engine at once.');
export const policyNestingMax = limit(64, 'level', 'Deepest nesting of brackets and conditionals in the text of one policy.');
export const policyConditionsMax = limit(100, 'condition', 'Most `when` and `unless` of one policy.');
export const policyElementsMax = limit(2000, 'element', 'Most elements of one list in the text of a policy: a set, a record, the actions.');
export const policyDepthMax = limit(
  250,
  'level',
  'Deepest expression in the text of one policy, where each operator of a chain is a level.',
);
export const schemaTextBytesMax = limit(8_388_608, 'byte', 'Longest schema handed to the policy engine.');
export const expressionDepthMax = limit(500, 'level', 'Deepest nesting of an expression in a policy that is compiled.');
export const expressionNodeMax = limit(20_000, 'node', 'Most operators, literals and names in one policy that is compiled.');
export const valueDepthMax = limit(100, 'level', 'Deepest nesting of a value in a context, an entity or a literal.');
export const ancestorMax = limit(1000, 'entity', 'Most ancestors of one entity.');
export const actionIndexMax = limit(4096, 'action', 'Most actions for which one policy set keeps its policies gathered.');
export const specTypeDepthMax = limit(16, 'level', 'Deepest nesting of a resource spec that becomes attributes for policy.');
export const typeNamesKeptMax = limit(4096, 'name', 'Most names of entity types remembered as well-formed.');
export const residualTextMax = limit(
  65_536,
  'character',
  'Longest SQL that policies become for a list; beyond it each row is decided by itself.',
);
