import { limit } from '../../contract/limit.ts';

export const policiesMax = limit(10_000, 'policy', 'Policies of one organization.');
export const guardRailsMax = limit(1000, 'policy', 'Guard-rails of the platform.');
export const customRolesMax = limit(200, 'role', 'Roles that one organization makes.');
export const roleOperationsMax = limit(500, 'operation', 'Operations of one role that an organization makes.');
export const previewedMax = limit(200, 'request', 'Latest different requests that a draft of a policy is tried on.');
export const previewRecordsMax = limit(5000, 'record', 'Audit records in which the latest different requests are looked for.');
