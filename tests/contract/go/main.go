// Command client runs one process through the mesh with nothing but generated code: it deploys a model, starts an
// instance, works its job, completes its task and reads history. FLOWMESH_TOKEN has an
// access token. It prints what it saw as one JSON object.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"time"

	enginev1 "flowmesh.dev/client/flowmesh/engine/v1"
	historyv1 "flowmesh.dev/client/flowmesh/history/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: client ADDRESS MODEL")
	}
	seen, err := run(os.Args[1], os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(seen); err != nil {
		log.Fatal(err)
	}
}

type seen struct {
	InstanceID     string  `json:"instance_id"`
	JobVariables   any     `json:"job_variables"`
	TaskName       string  `json:"task_name"`
	HistoryStatus  string  `json:"history_status"`
	HistoryActions int     `json:"history_activities"`
	Total          float64 `json:"total"`
}

// accessToken signs each call.
type accessToken string

func (token accessToken) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(token)}, nil
}

// RequireTransportSecurity is false: the mesh is on this machine.
func (token accessToken) RequireTransportSecurity() bool { return false }

func run(address, model string) (*seen, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	connection, err := grpc.NewClient(address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithPerRPCCredentials(accessToken(os.Getenv("FLOWMESH_TOKEN"))))
	if err != nil {
		return nil, err
	}
	defer connection.Close()

	content, err := os.ReadFile(model)
	if err != nil {
		return nil, err
	}
	deployed, err := enginev1.NewDeploymentServiceClient(connection).CreateDeployment(ctx, &enginev1.CreateDeploymentRequest{
		Resources: []*enginev1.Resource{{Name: "clients.bpmn", Content: content}},
	})
	if err != nil {
		return nil, err
	}
	key := deployed.GetDeployment().GetProcessDefinitions()[0].GetKey()

	variables, err := values(map[string]any{"amount": 1250, "customer": map[string]any{"name": "王芳", "vip": true}})
	if err != nil {
		return nil, err
	}
	started, err := enginev1.NewProcessInstanceServiceClient(connection).CreateProcessInstance(ctx, &enginev1.CreateProcessInstanceRequest{
		ProcessDefinitionKey: key, BusinessKey: "go", Variables: variables,
	})
	if err != nil {
		return nil, err
	}
	result := &seen{InstanceID: started.GetProcessInstance().GetId()}

	if err := work(ctx, connection, result); err != nil {
		return nil, err
	}
	if err := decide(ctx, connection, result); err != nil {
		return nil, err
	}
	return result, remember(ctx, connection, result)
}

func work(ctx context.Context, connection *grpc.ClientConn, result *seen) error {
	jobs := enginev1.NewJobServiceClient(connection)
	activated, err := jobs.ActivateJobs(ctx, &enginev1.ActivateJobsRequest{
		Type: "price-order", Worker: "go", MaxJobs: 1, RequestTimeout: durationpb.New(10 * time.Second),
	})
	if err != nil {
		return err
	}
	if len(activated.GetJobs()) != 1 {
		return fmt.Errorf("got %d jobs", len(activated.GetJobs()))
	}
	job := activated.GetJobs()[0]
	result.JobVariables = (&structpb.Struct{Fields: job.GetVariables()}).AsMap()
	total, err := values(map[string]any{"total": 1487.5})
	if err != nil {
		return err
	}
	_, err = jobs.CompleteJob(ctx, &enginev1.CompleteJobRequest{
		Id: job.GetId(), LeaseToken: job.GetLeaseToken(), Variables: total, RequestId: "go-" + job.GetId(),
	})
	return err
}

func decide(ctx context.Context, connection *grpc.ClientConn, result *seen) error {
	tasks := enginev1.NewUserTaskServiceClient(connection)
	listed, err := tasks.ListUserTasks(ctx, &enginev1.ListUserTasksRequest{ProcessInstanceId: result.InstanceID})
	if err != nil {
		return err
	}
	if len(listed.GetUserTasks()) != 1 {
		return fmt.Errorf("got %d tasks", len(listed.GetUserTasks()))
	}
	task := listed.GetUserTasks()[0]
	result.TaskName = task.GetName()
	approved, err := values(map[string]any{"approved": true})
	if err != nil {
		return err
	}
	_, err = tasks.CompleteUserTask(ctx, &enginev1.CompleteUserTaskRequest{Id: task.GetId(), Variables: approved})
	return err
}

func remember(ctx context.Context, connection *grpc.ClientConn, result *seen) error {
	history := historyv1.NewHistoryServiceClient(connection)
	for {
		instance, err := history.GetHistoricProcessInstance(ctx, &historyv1.GetHistoricProcessInstanceRequest{Id: result.InstanceID})
		if err == nil && instance.GetHistoricProcessInstance().GetEndTime() != nil {
			result.HistoryStatus = instance.GetHistoricProcessInstance().GetStatus().String()
			break
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("history does not show the end of the instance: %v", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
	activities, err := history.ListHistoricActivities(ctx, &historyv1.ListHistoricActivitiesRequest{ProcessInstanceId: result.InstanceID})
	if err != nil {
		return err
	}
	result.HistoryActions = len(activities.GetHistoricActivities())
	variables, err := history.ListHistoricVariables(ctx, &historyv1.ListHistoricVariablesRequest{ProcessInstanceId: result.InstanceID, Name: "total"})
	if err != nil {
		return err
	}
	for _, variable := range variables.GetHistoricVariables() {
		result.Total = variable.GetValue().GetNumberValue()
	}
	return nil
}

func values(plain map[string]any) (map[string]*structpb.Value, error) {
	built := make(map[string]*structpb.Value, len(plain))
	for name, value := range plain {
		converted, err := structpb.NewValue(value)
		if err != nil {
			return nil, err
		}
		built[name] = converted
	}
	return built, nil
}
