// Runs one process through the mesh with nothing but generated code: deploys a model, starts an instance, works its
// job from a stream, completes its task and reads history. FLOWMESH_TOKEN
// has an access token. Prints what it saw as one JSON object.
import { readFile } from "node:fs/promises";
import { createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { ValueSchema, type Value } from "@bufbuild/protobuf/wkt";
import { DeploymentService } from "./gen/flowmesh/engine/v1/deployment_service_pb.js";
import { ProcessInstanceService } from "./gen/flowmesh/engine/v1/process_instance_service_pb.js";
import { JobService } from "./gen/flowmesh/engine/v1/job_service_pb.js";
import { UserTaskService } from "./gen/flowmesh/engine/v1/user_task_service_pb.js";
import { HistoryService } from "./gen/flowmesh/history/v1/history_service_pb.js";
import { HistoricProcessInstance_Status } from "./gen/flowmesh/history/v1/history_pb.js";

const [address, model] = process.argv.slice(2);
if (address === undefined || model === undefined) {
  throw new Error("usage: client ADDRESS MODEL");
}
const token = process.env["FLOWMESH_TOKEN"] ?? "";
const signed: Interceptor = (next) => (request) => {
  request.header.set("authorization", `Bearer ${token}`);
  return next(request);
};
const transport = createGrpcTransport({ baseUrl: `http://${address}`, interceptors: [signed] });

function values(plain: Record<string, JsonValue>): Record<string, Value> {
  return Object.fromEntries(Object.entries(plain).map(([name, value]) => [name, fromJson(ValueSchema, value)]));
}

function plain(value: Value | undefined): unknown {
  switch (value?.kind.case) {
    case "structValue":
      return Object.fromEntries(Object.entries(value.kind.value).map(([name, field]) => [name, field]));
    case undefined:
    case "nullValue":
      return null;
    default:
      return value?.kind.value;
  }
}

const deployment = await createClient(DeploymentService, transport).createDeployment({
  resources: [{ name: "clients.bpmn", content: await readFile(model) }],
});
const key = deployment.deployment?.processDefinitions[0]?.key ?? "";

const started = await createClient(ProcessInstanceService, transport).createProcessInstance({
  processDefinitionKey: key,
  businessKey: "typescript",
  variables: values({ amount: 1250, customer: { name: "王芳", vip: true } }),
});
const instanceId = started.processInstance?.id ?? "";

const jobs = createClient(JobService, transport);
const stop = new AbortController();
const jobVariables: Record<string, unknown> = {};
try {
  for await (const message of jobs.streamJobs({ type: "price-order", worker: "typescript" }, { signal: stop.signal })) {
    if (message.event.case !== "job") {
      continue;
    }
    const job = message.event.value;
    for (const [name, value] of Object.entries(job.variables)) {
      jobVariables[name] = plain(value);
    }
    await jobs.completeJob({ id: job.id, leaseToken: job.leaseToken, variables: values({ total: 1487.5 }) });
    stop.abort();
  }
} catch (error) {
  if (!stop.signal.aborted) {
    throw error;
  }
}

const tasks = createClient(UserTaskService, transport);
const task = (await tasks.listUserTasks({ processInstanceId: instanceId })).userTasks[0];
await tasks.completeUserTask({ id: task?.id ?? "", variables: values({ approved: true }) });

const history = createClient(HistoryService, transport);
const deadline = Date.now() + 30_000;
let status = "";
while (status === "") {
  try {
    const read = await history.getHistoricProcessInstance({ id: instanceId });
    if (read.historicProcessInstance?.endTime !== undefined) {
      status = HistoricProcessInstance_Status[read.historicProcessInstance.status] ?? "";
    }
  } catch (error) {
    if (Date.now() > deadline) {
      throw error;
    }
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
}
const activities = await history.listHistoricActivities({ processInstanceId: instanceId });
const totals = await history.listHistoricVariables({ processInstanceId: instanceId, name: "total" });

console.log(
  JSON.stringify({
    instance_id: instanceId,
    job_variables: jobVariables,
    task_name: task?.name ?? "",
    history_status: status,
    history_activities: activities.historicActivities.length,
    total: plain(totals.historicVariables[0]?.value),
  }),
);
