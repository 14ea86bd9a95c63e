import { Fragment, useState } from 'react';
import { Link } from 'react-router';
import { useApi, useContract, useMay, useOperation } from '../api/call.ts';
import type { Thing } from '../api/pages.ts';
import { rootOf, usePlace } from '../api/place.ts';
import { readSession } from '../api/session.ts';
import type { Draft } from '../form/draft.ts';
import { SchemaForm } from '../form/schema-form.tsx';
import { useAsk } from '../operation/ask.ts';
import { Button } from '../part/button.tsx';
import { Id } from '../part/copy.tsx';
import { Dialog } from '../part/dialog.tsx';
import { notice } from '../part/notice.tsx';
import { Facts, PageHead, Section } from '../part/page.tsx';
import { Refusal, Waiting } from '../part/state.tsx';
import { Tag } from '../part/status.tsx';
import { When } from '../part/when.tsx';
import { EnvironmentCreate } from './environment-create.tsx';
import './settings.css';

/** The organization itself, its projects and environments. */
export default function Settings() {
  const may = useMay('platform');
  const ask = useAsk();
  return (
    <div className="page">
      <PageHead
        title="Settings"
        text="The organization, its projects, and the environments in them. An environment is what S3 and Stripe
          call an account: nothing crosses from one to another."
        actions={
          <>
            {may('CreateOrganization') && <Button onClick={() => ask('platform', 'CreateOrganization')}>New organization</Button>}
            {may('CreateProject') && (
              <Button look="main" icon="plus" onClick={() => ask('platform', 'CreateProject')}>
                New project
              </Button>
            )}
          </>
        }
      />
      <OrganizationPart />
      <ProjectsPart />
    </div>
  );
}

function OrganizationPart() {
  const { organization } = usePlace();
  const may = useMay('platform');
  const [editing, setEditing] = useState(false);
  const reading = useOperation<Thing>('platform', 'GetOrganization', organization.id);
  const regions = reading.value?.spec.regions;
  return (
    <Section
      title="Organization"
      actions={
        may('UpdateOrganization') &&
        reading.value && (
          <Button size="small" icon="edit" onClick={() => setEditing(true)}>
            Edit
          </Button>
        )
      }
    >
      {reading.problem && <Refusal problem={reading.problem} again={reading.again} />}
      {!reading.value && !reading.problem && <Waiting rows={1} />}
      {reading.value && (
        <Facts
          facts={[
            [
              'Title',
              organization.title || (
                <span key="none" className="faint">
                  none
                </span>
              ),
            ],
            [
              'Name',
              <span key="name" className="mono">
                {organization.name}
              </span>,
            ],
            ['Id', <Id key="id" id={organization.id} whole />],
            ['Regions', Array.isArray(regions) && regions.length > 0 ? regions.join(', ') : 'any'],
            ['Second factor', reading.value.spec.factors === 'required' ? 'required of everybody' : 'up to each person'],
            ['Your role', <Tag key="role">{organization.role}</Tag>],
            ['Made', <When key="made" at={reading.value.createdAt} />],
          ]}
        />
      )}
      {editing && reading.value && <OrganizationEdit thing={reading.value} onClose={() => setEditing(false)} />}
    </Section>
  );
}

function OrganizationEdit({ thing, onClose }: { thing: Thing; onClose: () => void }) {
  const api = useApi();
  const { organization } = usePlace();
  const operation = useContract('platform')?.operations.UpdateOrganization;
  const save = async (input: Draft) => {
    await api.call('platform', 'UpdateOrganization', organization.id, { regions: [], ...input });
    await readSession();
    notice('The organization is changed.');
    onClose();
  };
  return (
    <Dialog title="Edit the organization" onClose={onClose}>
      {operation && <SchemaForm schema={operation.input} start={thing.spec} verb="Save" onSubmit={save} onCancel={onClose} />}
    </Dialog>
  );
}

function ProjectsPart() {
  const { organization, environment: here } = usePlace();
  const may = useMay('platform');
  const [adding, setAdding] = useState<string>();
  return (
    <Section title="Projects and environments">
      <ul className="projects">
        {organization.projects.map((project) => (
          <li key={project.id}>
            <div className="row apart wrap">
              <h3>
                {project.title || project.name}{' '}
                {project.title && project.title !== project.name && <span className="mono faint">{project.name}</span>}
              </h3>
              {may('CreateEnvironment') && (
                <Button size="small" look="quiet" icon="plus" onClick={() => setAdding(project.id)}>
                  Environment
                </Button>
              )}
            </div>
            <dl className="environments">
              {project.environments.map((environment) => (
                <Fragment key={environment.id}>
                  <dt>
                    <Link to={`${rootOf({ organization, project, environment })}/platform/settings`}>
                      {environment.title || environment.name}
                    </Link>
                  </dt>
                  <dd>
                    <Tag tone={environment.kind === 'live' ? undefined : 'test'}>{environment.kind}</Tag>
                  </dd>
                  <dd>
                    <Id id={environment.id} whole />
                  </dd>
                  <dd className="dim">{environment.id === here.id ? 'you are here' : ''}</dd>
                </Fragment>
              ))}
            </dl>
          </li>
        ))}
      </ul>
      {adding && <EnvironmentCreate project={adding} onClose={() => setAdding(undefined)} />}
    </Section>
  );
}
