"""VoxCPaaS's calls about numbers, as its document shows them: listnewnumbers, purchasenumber, api/callrouting."""
