// Do the services of this home answer where porchlight.toml, or the home node that started them, says they are?

import { faultOfStatus, healthQuestion } from '../../services/health.ts';
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
  if (service.kind !== 'embedded') {
    const cure = `Start ${name}, or set its url in porchlight.toml to where it listens.`;
    return await asked(service, service.url, cure, ports);
  }
  if (node === null) return unchecked(name, 'the home node, which starts it, does not run');
  if (node.home === null) return unchecked(name, 'home is asleep, and its services with it');
  const origin = node.home.services.find((each) => each.name === name)?.origin ?? null;
  const cure = `See in the log of the home node why ${name} does not run (journalctl --user -u porchlight).`;
  if (origin === null) return fault(name, 'it is not running', cure);
  return await asked(service, origin, cure, ports);
}

/** By the same rule as the home node, which would otherwise take for down what is well here. */
async function asked(
  { name, health }: Service,
  origin: string,
  cure: string,
  { ask, clock }: DoctorPorts,
): Promise<Result> {
  const { method, path } = healthQuestion(health);
  try {
    const { status } = await ask({ origin, target: path, method });
    const wrong = faultOfStatus(status, health);
    if (wrong === null) return well(name, `answers at ${origin}`);
    const place = health === null ? origin : `${origin}${health}`;
    const mend =
      status < 500
        ? `Set health of ${name} in porchlight.toml to a path that it answers with success, or leave it out.`
        : `See in the log of ${name} what is wrong with it.`;
    return fault(name, `${wrong} at ${place}`, mend);
  } catch (thrown) {
    return fault(name, `does not answer at ${origin}: ${connectionTroubleOf(thrown, clock).found}`, cure);
  }
}
