import type { Stage } from './stage.ts';

/** An organization, a project, and two credentials of it: one that may write, one that may only read. */
export async function platformScene(stage: Stage): Promise<void> {
  stage.scene('An organization, a project and credentials');
  const { admin, cast } = stage;
  const name = `tour-${Date.now().toString(36)}`;
  let began = performance.now();
  const organization = await admin.CreateOrganization({ name, title: 'Tour' });
  cast.organization = organization.uid;
  stage.done(`organization ${name}`, began);
  const there = { environment: organization.uid };
  began = performance.now();
  await admin.CreateProject({ name: 'films', title: 'Films' }, there);
  stage.done('project films, with a live and a test environment', began);
  began = performance.now();
  cast.owner = await admin.CreateCredential({ project: 'films', role: 'admin', title: 'tour writer' }, there);
  cast.reader = await admin.CreateCredential({ project: 'films', role: 'reader', title: 'tour reader' }, there);
  stage.done('two credentials: one with the role admin, one with the role reader', began);
}
