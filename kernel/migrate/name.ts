import { fault } from './fault.ts';
import { deploymentLengthMax, serviceNameLengthMax } from './limits.ts';

/** Where a service's tables live and who uses them. All names carry the deployment's id but the schema's, which is inside. */
export type Names = {
  /** The database of the deployment. */
  readonly database: string;
  /** The service's schema. */
  readonly schema: string;
  /** Owns the schema and its tables; nobody logs in as it. */
  readonly owner: string;
  /** The service's login; it owns nothing. */
  readonly login: string;
};

/** The name of a deployment's database. */
export function databaseName(deployment: string): string {
  if (!/^[a-z0-9]+$/.test(deployment) || deployment.length > deploymentLengthMax)
    throw fault('BadInput', 'A deployment id is of a-z and 0-9.');
  return `gamut_${deployment}`;
}

/** The names of a service in a deployment; a dash in the service's name becomes an underscore. */
export function serviceNames(deployment: string, service: string): Names {
  const database = databaseName(deployment);
  if (!/^[a-z][a-z0-9-]*$/.test(service) || service.length > serviceNameLengthMax)
    throw fault('BadInput', `A service cannot be named ${service}.`);
  const schema = service.replaceAll('-', '_');
  if (schema === 'gamut' || schema === 'public' || schema.startsWith('pg_'))
    throw fault('BadInput', `A service cannot be named ${service}.`);
  return { database, schema, owner: `${database}_${schema}_owner`, login: `${database}_${schema}` };
}

/** A name as it stands in SQL. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as it stands in SQL. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
