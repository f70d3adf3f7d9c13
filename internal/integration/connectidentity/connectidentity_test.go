package connectidentity_test

import (
	"strings"
	"testing"

	"trunkline/iam"
	"trunkline/iam/catalog"
	"trunkline/internal/integration/connectidentity"
	"trunkline/internal/integration/integrationtest"
)

func TestIntegration(t *testing.T) { integrationtest.Run(t, connectidentity.Integration()) }

// TestAllCampaignActions: campaigns-management has every action on campaigns that there is today, as its title says.
func TestAllCampaignActions(t *testing.T) {
	i := connectidentity.Integration()
	p, _ := i.Policy("campaigns-management")
	r, err := i.Render(p, i.Examples(p))
	if err != nil {
		t.Fatal(err)
	}
	text := string(r.Joined())
	count := 0
	for a := range catalog.Default().Expand("connect-campaigns:*") {
		if a.Takes("arn:aws:connect-campaigns:eu-west-2:111122223333:campaign/c1") {
			count++
			if !strings.Contains(text, `"`+a.String()+`"`) {
				t.Errorf("%s is missing", a)
			}
		}
	}
	if got := len(iam.Parse(r.Joined()).Statements[0].Action.List); got != count || count < 25 {
		t.Errorf("got %d actions on campaigns, want the %d that the catalogue has", got, count)
	}
}
