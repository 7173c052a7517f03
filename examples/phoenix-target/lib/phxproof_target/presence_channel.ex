defmodule PhxproofTarget.PresenceChannel do
  @moduledoc "`presence:*`, which tracks everybody who joins under their name."
  use Phoenix.Channel
  alias PhxproofTarget.Presence

  @impl true
  def join(_topic, params, socket) do
    send(self(), :track)
    {:ok, assign(socket, :status, Map.get(params, "status", "online"))}
  end

  @impl true
  def handle_info(:track, socket) do
    {:ok, _ref} = Presence.track(socket, socket.assigns.user, %{status: socket.assigns.status})
    push(socket, "presence_state", Presence.list(socket))
    {:noreply, socket}
  end

  @impl true
  def handle_in("update", %{"status" => status}, socket) do
    {:ok, _ref} = Presence.update(socket, socket.assigns.user, %{status: status})
    {:reply, {:ok, %{}}, socket}
  end
end
