// Decodes Kubernetes manifests from standard input into the API's own types: unknown and doubled fields are errors.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	yamlreader "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

var kinds = map[string]func() any{
	"v1/Namespace":                           func() any { return &corev1.Namespace{} },
	"v1/ConfigMap":                           func() any { return &corev1.ConfigMap{} },
	"v1/Secret":                              func() any { return &corev1.Secret{} },
	"v1/Service":                             func() any { return &corev1.Service{} },
	"v1/PersistentVolumeClaim":               func() any { return &corev1.PersistentVolumeClaim{} },
	"apps/v1/Deployment":                     func() any { return &appsv1.Deployment{} },
	"autoscaling/v2/HorizontalPodAutoscaler": func() any { return &autoscalingv2.HorizontalPodAutoscaler{} },
	"policy/v1/PodDisruptionBudget":          func() any { return &policyv1.PodDisruptionBudget{} },
	"networking.k8s.io/v1/NetworkPolicy":     func() any { return &networkingv1.NetworkPolicy{} },
}

func main() {
	reader := yamlreader.NewYAMLReader(bufio.NewReader(os.Stdin))
	failed := false
	for count := 0; ; count++ {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			if count == 0 {
				fmt.Println("there is no document")
				failed = true
			}
			break
		}
		if err == nil {
			err = check(document)
		}
		if err != nil {
			fmt.Println(err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

func check(document []byte) error {
	var head struct {
		metav1.TypeMeta   `json:",inline"`
		metav1.ObjectMeta `json:"metadata"`
	}
	if err := yaml.Unmarshal(document, &head); err != nil {
		return err
	}
	name := head.APIVersion + "/" + head.Kind
	make, known := kinds[name]
	if !known {
		return fmt.Errorf("%s %s: no such kind", name, head.Name)
	}
	for _, problem := range validation.IsDNS1123Subdomain(head.Name) {
		return fmt.Errorf("%s %q: %s", name, head.Name, problem)
	}
	if err := yaml.UnmarshalStrict(document, make()); err != nil {
		return fmt.Errorf("%s %s: %w", name, head.Name, err)
	}
	return nil
}
