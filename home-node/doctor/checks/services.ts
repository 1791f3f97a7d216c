// Do the services of this home answer where porchlight.toml, or the home node that started them, says they are?

import { type Check, type ConfiguredExam, fault, type Result, unchecked, well } from '../check.ts';
import { connectionTroubleOf } from '../connection-trouble.ts';
import type { DoctorPorts } from '../ports.ts';

export const servicesCheck: Check = {
  name: 'services',
  about: 'the services',
  needs: 'config',
  run: async (exam, ports) =>
    await Promise.all(exam.config.services.map(async (service) => await serviceResult(service, exam, ports))),
};

type Service = ConfiguredExam['config']['services'][number];

async function serviceResult(service: Service, { node }: ConfiguredExam, ports: DoctorPorts): Promise<Result> {
  const { name } = service;
  if (service.kind === 'activitypub') {
    const cure = `Start ${name}, or set its url in porchlight.toml to where it listens.`;
    return await asked(name, service.url, cure, ports);
  }
  if (node === null) return unchecked(name, 'the home node, which starts it, does not run');
  if (node.home === null) return unchecked(name, 'home is asleep, and its services with it');
  const origin = node.home.services.find((each) => each.name === name)?.origin ?? null;
  const cure = `See in the log of the home node why ${name} does not run (journalctl --user -u porchlight).`;
  if (origin === null) return fault(name, 'it is not running', cure);
  return await asked(name, origin, cure, ports);
}

async function asked(name: string, origin: string, cure: string, { ask, clock }: DoctorPorts): Promise<Result> {
  try {
    const { status } = await ask({ origin, target: '/', method: 'HEAD' });
    if (status < 500) return well(name, `answers at ${origin}`);
    return fault(name, `answers ${status} at ${origin}`, `See in the log of ${name} what is wrong with it.`);
  } catch (thrown) {
    return fault(name, `does not answer at ${origin}: ${connectionTroubleOf(thrown, clock).found}`, cure);
  }
}
